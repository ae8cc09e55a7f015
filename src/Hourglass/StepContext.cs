using static TorchSharp.torch;

namespace Hourglass;

/// <summary>What a forward pass may draw and know.</summary>
/// <remarks>Evaluation never draws noise, so scores repeat to the bit.</remarks>
/// <param name="Noise">Source of randomness in training; null in evaluation.</param>
/// <param name="Epoch">Epochs done so far, with the running one's share; annealing reads it.</param>
public readonly record struct StepContext(Generator? Noise, double Epoch)
{
    /// <summary>No noise, nothing annealed.</summary>
    public static StepContext Evaluation => new(null, double.PositiveInfinity);

    /// <summary>Whether this is a training step.</summary>
    public bool IsTraining => Noise is not null;
}
