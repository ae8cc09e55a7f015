using static TorchSharp.torch;

namespace Hourglass;

/// <summary>What a forward pass may draw and know.</summary>
/// <remarks>Evaluation never draws noise, so scores repeat to the bit. Validation may draw (a bound on a likelihood is an average over
/// draws), always from the same seed, and neither corrupts nor drops anything out.</remarks>
/// <param name="Noise">Source of randomness in training and validation; null in evaluation.</param>
/// <param name="Epoch">Epochs done so far, with the running one's share; annealing reads it.</param>
public readonly record struct StepContext(Generator? Noise, double Epoch)
{
    /// <summary>No noise, nothing annealed.</summary>
    public static StepContext Evaluation => new(null, double.PositiveInfinity);

    /// <summary>Whether draws are made only to average over them.</summary>
    public bool IsValidation { get; init; }

    /// <summary>Whether this is a training step.</summary>
    public bool IsTraining => Noise is not null && !IsValidation;

    /// <summary>What the decoder is to produce, for teacher forcing; null outside training.</summary>
    public Tensor? Target { get; init; }

    /// <summary>Draws, nothing annealed, nothing corrupted.</summary>
    /// <param name="noise">A generator with a fixed seed.</param>
    public static StepContext Validation(Generator noise) => new(noise, double.PositiveInfinity) { IsValidation = true };
}
