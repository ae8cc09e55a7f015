using System.Diagnostics;
using Hourglass.Collectives;
using static TorchSharp.torch;

namespace Hourglass.Training.Steps;

/// <summary>One update of the weights from one batch, which ranks may share and which may be made of parts.</summary>
/// <param name="options">How the weights are found.</param>
/// <param name="ranks">Who shares each batch.</param>
/// <param name="device">Where it computes.</param>
internal abstract class TrainingStep(TrainingOptions options, ICollective ranks, Device device) : IDisposable
{
    /// <summary>Which engine computes it, and how.</summary>
    public abstract string Engine { get; }

    /// <summary>Whether it brings threads of its own, which the engine's would only disturb.</summary>
    public virtual bool HasOwnThreads => false;

    /// <summary>Where the time goes.</summary>
    public TrainingClock Clock { get; } = new();

    /// <summary>Whether a rank was asked to stop before its last step.</summary>
    public bool IsStopping { get; private set; }

    /// <summary>Whether the state stays what it was until <see cref="End"/>, but for the number of steps.</summary>
    public virtual bool HasOwnWeights => false;

    /// <summary>Before the first step of a run, and whenever it has gone back: the state holds the weights.</summary>
    public virtual void Begin(TrainingState state)
    {
    }

    /// <summary>Takes a step.</summary>
    /// <param name="state">Weights and optimiser.</param>
    /// <param name="indices">Samples of the batch: of all ranks, of all parts.</param>
    /// <param name="epoch">Epochs done, with the running one's share.</param>
    /// <param name="stop">Whether this rank is asked to stop.</param>
    /// <returns>The loss per value, the same on all ranks.</returns>
    public double Run(TrainingState state, ReadOnlySpan<long> indices, double epoch, bool stop = false)
    {
        Clock.Steps++;
        var rate = LearningRateSchedule.Rate(options, epoch, state.RateScale, ranks.Size);
        if (ranks.Size == 1 && indices.Length <= options.PartSize(ranks.Size))
        {
            IsStopping = stop;
            return RunAlone(state, indices, epoch, rate);
        }

        var parts = RowPlace.Parts(indices.Length, options.PartSize(ranks.Size), ranks.Rank, ranks.Size).ToList();
        Span<double> told = [0, stop ? 1 : 0];
        for (var part = 0; part < parts.Count; part++)
        {
            using var share = new BatchShare(options.Seed, state.Optimizer.Steps + 1, parts[part], ranks, device);
            told[0] += Add(state, indices.Slice((int)parts[part].First, parts[part].Rows), share, epoch, isFirst: part == 0);
        }

        if (ranks.Size > 1)
        {
            var mark = Stopwatch.GetTimestamp();
            ranks.Sum(Gradients(state));
            ranks.Sum(told);
            Clock.End(TrainingPhase.Exchange, mark);
        }

        IsStopping = told[1] > 0;
        Update(state, rate);
        return told[0];
    }

    /// <summary>Loss per value of held-out samples, without dropout and corruption.</summary>
    /// <param name="samples">Which.</param>
    /// <param name="noise">What is drawn for them.</param>
    public abstract double Evaluate(ReadOnlySpan<long> samples, Generator noise);

    /// <summary>After the last step of an epoch that counts: the state holds the weights again, and steps go on from them.</summary>
    public virtual void End(TrainingState state)
    {
    }

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>A step of which nobody else holds a part.</summary>
    protected abstract double RunAlone(TrainingState state, ReadOnlySpan<long> indices, double epoch, double rate);

    /// <summary>Computes a part's share of the gradients and adds it to those of earlier parts.</summary>
    /// <returns>What it adds to the step's loss.</returns>
    protected abstract double Add(TrainingState state, ReadOnlySpan<long> indices, BatchShare share, double epoch, bool isFirst);

    /// <summary>Where gradients were added up: in the same order on every rank.</summary>
    protected abstract Span<float> Gradients(TrainingState state);

    /// <summary>Moves the weights by gradients that are complete.</summary>
    protected abstract void Update(TrainingState state, double rate);
}
