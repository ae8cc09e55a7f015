using static TorchSharp.torch;

namespace Hourglass;

/// <summary>What one step sees; tasks differ in how they fill it.</summary>
/// <param name="Input">What the encoder is given, float32, shape [batch, ...sample shape].</param>
/// <param name="Target">What the decoder is to produce, same shape.</param>
/// <param name="Mask">1 where a value counts and 0 where it does not, same shape; null when all count.</param>
public readonly record struct Batch(Tensor Input, Tensor Target, Tensor? Mask = null)
{
    /// <summary>Classes as one-hot rows, [batch, class]; null where none are known.</summary>
    public Tensor? Condition { get; init; }

    /// <summary>The usual case: reconstruct what was given.</summary>
    /// <param name="samples">Float32, shape [batch, ...sample shape].</param>
    public static Batch Of(Tensor samples) => new(samples, samples);
}
