using static TorchSharp.torch;

namespace Hourglass.Training;

/// <summary>Weights and moments as an epoch found them, to go back to.</summary>
internal sealed class EpochStart(TrainingState state) : IDisposable
{
    private readonly WeightSnapshot _weights = state.Parameters.Snapshot();
    private readonly Tensor[] _moments = state.Optimizer.Snapshot();
    private readonly long _steps = state.Optimizer.Steps;

    /// <summary>Brings them back.</summary>
    public void Restore(TrainingState target)
    {
        target.Parameters.Restore(_weights);
        target.Optimizer.Restore(_moments, _steps);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _weights.Dispose();
        Array.ForEach(_moments, tensor => tensor.Dispose());
    }
}
