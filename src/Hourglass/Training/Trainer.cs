using System.Diagnostics;
using System.Globalization;
using Hourglass.Collectives;
using Hourglass.Data;
using Hourglass.Data.Stores;
using Hourglass.Engine;
using Hourglass.Networks;
using Hourglass.Training.Steps;
using TorchSharp;
using static TorchSharp.torch;

namespace Hourglass.Training;

/// <summary>Runs epochs over a sample store. Knows no family of model: only batches, a loss and a flat vector of weights.</summary>
public sealed class Trainer : IDisposable
{
    private const int MaximumRollbacks = 4;
    private readonly Autoencoder _model;
    private readonly TrainingOptions _options;
    private readonly SampleStore _samples;
    private readonly SampleSplit _split;
    private readonly BatchReader _reader;
    private readonly Stopwatch _clock = new();

    /// <summary>Prepares a run.</summary>
    /// <param name="model">The model; trained in place.</param>
    /// <param name="samples">Model inputs.</param>
    /// <param name="split">Which samples train and which validate; while an epoch runs, the training numbers stand in its order.</param>
    /// <param name="classes">Classes of the samples, for a conditional model.</param>
    public Trainer(Autoencoder model, SampleStore samples, SampleSplit split, SampleLabels? classes = null)
    {
        (_model, _options, _samples, _split) = (model, model.Options.Training, samples.View(), split);
        if (split.Training.Length == 0)
        {
            throw new HourglassException($"There is nothing to train on: all {samples.Count} samples are held out for validation. Give more data or a smaller --validation.");
        }

        _reader = new BatchReader(_samples, EngineDevice.Resolve(_options.Device)) { Classes = classes };
    }

    /// <summary>Where checkpoints go; none are written when null. One is written at an epoch's end where the last one's cost is at most a fiftieth of the time since, or five seconds have passed, and when the run ends.</summary>
    public string? CheckpointPath { get; init; }

    /// <summary>What the run depends on (options and data), so that a checkpoint of another run is refused.</summary>
    public string Identity { get; init; } = "";

    /// <summary>Whether to go on from <see cref="CheckpointPath"/> where it exists.</summary>
    public bool Resume { get; init; }

    /// <summary>Whether the model's weights were learnt before, so that they need no start from the data.</summary>
    public bool IsStarted { get; init; }

    /// <summary>Who trains together: each takes its share of every step, rank 0 writes.</summary>
    public ICollective Ranks { get; init; } = new SingleProcess();

    /// <summary>Bytes of memory beside which a store is large or not.</summary>
    internal long Memory { get; init; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>Tells what checkpoints cost.</summary>
    internal TimeProvider Time { get; init; } = TimeProvider.System;

    private int StepSize => Math.Min(_options.StepSize(Ranks.Size), _split.Training.Length);

    /// <summary>Trains; afterwards the model holds the best weights.</summary>
    /// <param name="progress">Told a few times a second.</param>
    /// <param name="cancellationToken">Ends the run early with the best weights so far.</param>
    /// <exception cref="HourglassException">The loss is not a number, again after several smaller steps.</exception>
    public TrainingHistory Run(IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        using var memory = EngineMemory.Keep();
        _model.to(_reader.Device);
        var parameters = new FlatParameters(_model);
        using var state = new TrainingState { Parameters = parameters, Optimizer = FlatOptimizer.Create(_options, parameters) };
        if (!LoadCheckpoint(state) && !IsStarted)
        {
            Initialize();
        }

        RankAgreement.RequireSameWeights(Ranks, parameters);
        SayWhatIsRead(progress);
        using var step = StepChoice.Create(_model, _samples, _reader, _split.Training.Length, Ranks);
        var reason = RunEpochs(state, step, progress, cancellationToken);
        if (state.Best is { } best)
        {
            parameters.Restore(best);
        }

        _model.eval();
        foreach (var parameter in _model.parameters())
        {
            parameter.grad = null;
        }

        // The model outlives the flat buffer: give each parameter memory of its own again.
        Unflatten(parameters);
        return new TrainingHistory(
            state.Epochs, state.BestEpoch, reason, state.Notes, state.Seconds, state.Seconds > 0 ? state.Samples / state.Seconds : 0)
        {
            Engine = Ranks.Size == 1 ? step.Engine : $"{step.Engine} each, {Ranks.Description}",
            Profile = step.Clock.Profile,
        };
    }

    /// <inheritdoc/>
    public void Dispose() => _reader.Dispose();

    // What data-dependent starting values see: samples in the order of an epoch that never comes.
    private void Initialize()
    {
        using var scope = NewDisposeScope();
        using var noise = new Generator(SeededOrder.Mix(_options.Seed, -2), _reader.Device);
        using var order = SeededOrder.Shuffle(_split.Training, _options.Seed, -1);
        var seen = Math.Min(order.Samples.Length, Math.Clamp((1 << 22) / _model.SampleLength, 1, 4096));
        using var ahead = new ReadAhead(_samples, order.Samples[..seen], null, Memory);
        ahead.Reached(0, seen);
        _model.Initialize(_reader.Read(order.Samples.AsSpan(0, seen)), noise);
    }

    // Rank 0 wrote the checkpoint, perhaps where only it can read: it hands the file out.
    private bool LoadCheckpoint(TrainingState state)
    {
        if (!Resume || CheckpointPath is null)
        {
            return false;
        }

        using var file = SharedFile.From(Ranks, CheckpointPath);
        if (file.Path is null)
        {
            return false;
        }

        state.Load(file.Path, Identity);
        return true;
    }

    private StopReason RunEpochs(TrainingState state, TrainingStep step, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        using var alone = step.HasOwnThreads ? EngineThreads.One() : null; // copies of weights at an epoch's ends included: what spins after them spins while steps run
        _model.train();
        step.Begin(state);
        var checkpoints = new Checkpoints(Ranks.Rank == 0 ? CheckpointPath : null, Identity, Time);
        while (state.Epochs.Count < _options.Epochs && !EarlyStop(state))
        {
            _clock.Restart();
            using var start = new EpochStart(state, step.HasOwnWeights);
            var (epochs, isWhole) = (state.Epochs.Count, false);
            try
            {
                isWhole = TryEpoch(state, step, start, checkpoints, progress, cancellationToken);
            }
            finally
            {
                if (!isWhole) // a fault, or interrupted
                {
                    checkpoints.RunEnded(state, state.Epochs.Count == epochs ? () => start.Restore(state) : null);
                }
            }

            if (!isWhole)
            {
                return StopReason.Interrupted;
            }
        }

        checkpoints.RunEnded(state);
        return EarlyStop(state) ? StopReason.EarlyStopped : StopReason.Completed;
    }

    // False where it was interrupted.
    private bool TryEpoch(TrainingState state, TrainingStep step, EpochStart start, Checkpoints checkpoints, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        var loss = RunEpoch(state, step, progress, cancellationToken);
        if (loss is null)
        {
            if (state.Best is null)
            {
                step.End(state); // the weights so far are all that there is
            }

            return false;
        }

        var mark = Stopwatch.GetTimestamp();
        var validation = double.IsFinite(loss.Value) && _split.Validation.Length > 0 ? ValidationLoss(step) : (double?)null;
        step.Clock.End(TrainingPhase.Validation, mark);
        if (double.IsFinite(loss.Value) && double.IsFinite(validation ?? 0))
        {
            step.End(state);
            Finish(state, loss.Value, validation, checkpoints, progress);
        }
        else
        {
            start.Restore(state);
            RollBack(state, progress);
            step.Begin(state);
        }

        return true;
    }

    private double? RunEpoch(TrainingState state, TrainingStep step, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        var epoch = state.Epochs.Count;
        using var shuffled = Shuffled(epoch);
        var order = shuffled.Samples;
        using var ahead = new ReadAhead(_samples, order, MyPlaces(), Memory);
        var (sum, seen, report) = (0.0, 0, Stopwatch.StartNew());
        for (var start = 0; start < order.Length; start += StepSize)
        {
            var batch = Batch(order, start);
            if (batch.IsEmpty)
            {
                break;
            }

            if (Ranks.Size == 1 ? cancellationToken.IsCancellationRequested : step.IsStopping)
            {
                return null;
            }

            Wait(ahead, step, start, batch.Length);
            var done = epoch + ((double)start / order.Length);
            var loss = step.Run(state, batch, done, cancellationToken.IsCancellationRequested);
            if (!double.IsFinite(loss))
            {
                return double.NaN;
            }

            sum += loss * batch.Length;
            seen += batch.Length;
            if (report.ElapsedMilliseconds > 150)
            {
                report.Restart();
                progress?.Report(Progress(state, done, sum / seen, null));
            }
        }

        state.Samples += seen;
        return sum / seen;
    }

    private SeededOrder Shuffled(int epoch) => _options.Shuffle == ShuffleKind.Samples ? SeededOrder.Shuffle(_split.Training, _options.Seed, epoch)
        : SeededOrder.Shuffle(_split.Training, _options.Seed, epoch, RunsOfSamples.Length(_samples), RunsOfSamples.Length(_samples) * RunsOfSamples.Together);

    // Which places of an order this rank computes; of a last, shorter step it reads all.
    private Predicate<int>? MyPlaces()
    {
        if (Ranks.Size == 1)
        {
            return null;
        }

        var isMine = new bool[StepSize];
        foreach (var place in RowPlace.Parts(StepSize, _options.PartSize(Ranks.Size), Ranks.Rank, Ranks.Size))
        {
            isMine.AsSpan((int)place.First, place.Rows).Fill(true);
        }

        var whole = _split.Training.Length / StepSize * StepSize;
        return place => place >= whole || isMine[place % isMine.Length];
    }

    private Span<long> Batch(long[] order, int start)
    {
        var batch = order.AsSpan(start, Math.Min(StepSize, order.Length - start));

        // A last sample whose batch has no other has no variance to be normalised by; the next epoch's order gives it company.
        var isLonely = _model.Options.Network!.Normalization == Normalization.Batch && batch.Length % _options.PartSize(Ranks.Size) == 1;
        return isLonely ? batch[..^1] : batch;
    }

    private static void Wait(ReadAhead ahead, TrainingStep step, int start, int count)
    {
        var mark = Stopwatch.GetTimestamp();
        ahead.Reached(start, count);
        step.Clock.End(TrainingPhase.Gather, mark);
    }

    private double ValidationLoss(TrainingStep step)
    {
        var batches = _reader.Batches(_split.Validation).ToList();
        var losses = new double[batches.Count];
        using var ahead = new ReadAhead(_samples, _split.Validation, place => place / batches[0].Length % Ranks.Size == Ranks.Rank, Memory);
        for (var number = Ranks.Rank; number < losses.Length; number += Ranks.Size)
        {
            ahead.Reached(number * batches[0].Length, batches[number].Length);
            using var noise = new Generator(SeededOrder.Mix(_options.Seed, -1 - ((long)number << 32)), _reader.Device); // the same draws in every epoch, whoever makes them
            losses[number] = step.Evaluate(batches[number].Span, noise) * batches[number].Length;
        }

        Ranks.Sum(losses); // each batch is one rank's, zero on the others: what follows adds up the same numbers in the same order as one process does
        return losses.Sum() / _split.Validation.Length;
    }

    private void Finish(TrainingState state, double loss, double? validation, Checkpoints checkpoints, IProgress<TrainingProgress>? progress)
    {
        var epoch = state.Epochs.Count + 1;
        state.Epochs.Add(new EpochRecord(epoch, loss, validation, LearningRateSchedule.Rate(_options, epoch, state.RateScale, Ranks.Size)));
        state.EpochsSinceRateCut++;
        if (_model.KeepsLastWeights || (validation ?? loss) < state.BestLoss)
        {
            (state.BestLoss, state.BestEpoch) = (validation ?? loss, epoch);
            state.Best?.Dispose();
            state.Best = state.Parameters.Snapshot();
        }
        else
        {
            CutRateOnPlateau(state, epoch, progress);
        }

        state.Seconds += _clock.Elapsed.TotalSeconds;
        RankAgreement.RequireSameWeights(Ranks, state.Parameters);
        checkpoints.EpochEnded(state);
        progress?.Report(Progress(state, epoch, loss, validation, ended: true));
    }

    private void CutRateOnPlateau(TrainingState state, int epoch, IProgress<TrainingProgress>? progress)
    {
        var patience = Math.Max(2, (_options.Patience ?? 10) / 3);
        if (_options.Schedule == ScheduleKind.Plateau && epoch - state.BestEpoch >= patience && state.EpochsSinceRateCut >= patience)
        {
            state.RateScale /= 2;
            state.EpochsSinceRateCut = 0;
            Note(state, progress, $"Epoch {epoch}: no better validation loss for {epoch - state.BestEpoch} epochs; step size halved to {_options.ActualLearningRate * state.RateScale:g3}.");
        }
    }

    private bool EarlyStop(TrainingState state)
    {
        var annealed = _model.Options.Bottleneck.SettlingEpochs;
        return _split.Validation.Length > 0 && _options.Patience is { } patience
            && state.Epochs.Count - Math.Max(state.BestEpoch, Math.Max(annealed, _options.WarmUpEpochs)) >= patience;
    }

    private void RollBack(TrainingState state, IProgress<TrainingProgress>? progress)
    {
        var epoch = state.Epochs.Count + 1;
        if (++state.Rollbacks > MaximumRollbacks)
        {
            throw new HourglassException(
                $"Training diverged: the loss in epoch {epoch} is not a finite number, also after {MaximumRollbacks} restarts of the epoch with smaller steps. Lower --learning-rate (now {_options.ActualLearningRate:g3}), add --clip-norm 1, or look for extreme values in the data.");
        }

        state.RateScale /= 4;
        Note(state, progress, $"Epoch {epoch}: the loss stopped being a finite number; went back to the epoch's start with a quarter of the step size ({_options.ActualLearningRate * state.RateScale:g3}).");
    }

    private void Note(TrainingState state, IProgress<TrainingProgress>? progress, string note)
    {
        state.Notes.Add(note);
        progress?.Report(Progress(state, state.Epochs.Count, state.Epochs.Count > 0 ? state.Epochs[^1].TrainingLoss : double.NaN, null, ended: true) with { Note = note });
    }

    private void SayWhatIsRead(IProgress<TrainingProgress>? progress)
    {
        if (ReadAhead.IsNeeded(_samples, Memory))
        {
            var advice = _options.Shuffle == ShuffleKind.Samples ? "each sample by itself; --shuffle runs reads them in long pieces" : "in runs of neighbours";
            progress?.Report(new TrainingProgress(0, _options.Epochs, 0, double.NaN, null, null, 0, TimeSpan.Zero)
            {
                Note = string.Create(CultureInfo.InvariantCulture, $"The samples ({_samples.Bytes / 1e9:0.0} GB) take more than half of the memory and are read from the disk in every epoch, {advice}."),
            });
        }
    }

    private TrainingProgress Progress(TrainingState state, double done, double loss, double? validation, bool ended = false)
    {
        var seconds = state.Seconds + (ended ? 0 : _clock.Elapsed.TotalSeconds);
        var left = done > 0 ? (_options.Epochs - done) * seconds / done : 0;
        return new TrainingProgress(
            ended ? (int)done : (int)done + 1, _options.Epochs, ended ? 1 : done - Math.Floor(done), loss, validation,
            double.IsFinite(state.BestLoss) ? state.BestLoss : null,
            seconds > 0 ? done * _split.Training.Length / seconds : 0, TimeSpan.FromSeconds(Math.Min(left, 1e8)));
    }

    private void Unflatten(FlatParameters parameters)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var (parameter, place) in _model.parameters().Zip(parameters.Layout))
        {
            parameter.set_(parameters.Values.narrow(0, place.Offset, place.Count).clone().view(place.Shape));
        }
    }
}
