namespace Hourglass.Training.Steps;

/// <summary>One update of the weights from one batch.</summary>
internal abstract class TrainingStep : IDisposable
{
    /// <summary>Which engine computes it, and how.</summary>
    public abstract string Engine { get; }

    /// <summary>Before the first step of an epoch: the state holds the weights.</summary>
    public virtual void Begin(TrainingState state)
    {
    }

    /// <summary>Takes a step.</summary>
    /// <param name="state">Weights and optimiser.</param>
    /// <param name="indices">Samples of the batch.</param>
    /// <param name="epoch">Epochs done, with the running one's share.</param>
    /// <returns>The loss per value.</returns>
    public abstract double Run(TrainingState state, ReadOnlySpan<long> indices, double epoch);

    /// <summary>After the last step of an epoch, also of one that was broken off: the state holds the weights again.</summary>
    public virtual void End(TrainingState state)
    {
    }

    /// <inheritdoc/>
    public abstract void Dispose();
}
