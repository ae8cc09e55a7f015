namespace Hourglass.Scoring;

/// <summary>A trained encoder and decoder over samples in model-input units, with or without a training engine behind it.</summary>
/// <remarks>Deterministic: no noise is drawn. Rows are samples, row-major. Not safe for concurrent calls unless an implementation says so.</remarks>
public interface IReconstructor : IDisposable
{
    /// <summary>Values in a sample.</summary>
    int SampleLength { get; }

    /// <summary>Values in a latent.</summary>
    int LatentSize { get; }

    /// <summary>Encodes, then decodes.</summary>
    /// <param name="samples">[sample, value].</param>
    /// <param name="latents">Receives [sample, latent].</param>
    /// <param name="reconstructions">Receives [sample, value].</param>
    /// <exception cref="ArgumentException">The lengths do not describe the same number of samples.</exception>
    void Reconstruct(ReadOnlySpan<float> samples, Span<float> latents, Span<float> reconstructions);

    /// <summary>The encoder alone.</summary>
    /// <param name="samples">[sample, value].</param>
    /// <param name="latents">Receives [sample, latent].</param>
    /// <exception cref="ArgumentException">The lengths do not describe the same number of samples.</exception>
    void Encode(ReadOnlySpan<float> samples, Span<float> latents);

    /// <summary>The decoder alone.</summary>
    /// <param name="latents">[sample, latent].</param>
    /// <param name="reconstructions">Receives [sample, value].</param>
    /// <exception cref="ArgumentException">The lengths do not describe the same number of samples.</exception>
    void Decode(ReadOnlySpan<float> latents, Span<float> reconstructions);
}
