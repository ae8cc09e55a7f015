using static TorchSharp.torch;

namespace Hourglass.Training;

/// <summary>Weights and moments as an epoch found them, to go back to.</summary>
/// <param name="state">As the epoch finds it.</param>
/// <param name="isKept">Whether the state keeps weights and moments until the epoch's end, so that they need no copy.</param>
internal sealed class EpochStart(TrainingState state, bool isKept) : IDisposable
{
    private readonly WeightSnapshot? _weights = isKept ? null : state.Parameters.Snapshot();
    private readonly Tensor[] _moments = isKept ? [] : state.Optimizer.Snapshot();
    private readonly long _steps = state.Optimizer.Steps;

    /// <summary>Brings them back.</summary>
    public void Restore(TrainingState target)
    {
        target.Optimizer.Steps = _steps;
        if (_weights is not null)
        {
            target.Parameters.Restore(_weights);
            target.Optimizer.Restore(_moments);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _weights?.Dispose();
        Array.ForEach(_moments, tensor => tensor.Dispose());
    }
}
