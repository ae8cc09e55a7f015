namespace Hourglass.Scoring;

/// <summary>Checks that runs of values describe the same samples.</summary>
internal static class SampleRows
{
    /// <summary>How many samples there are.</summary>
    /// <exception cref="ArgumentException">The lengths do not describe the same number of samples.</exception>
    public static int Count(IReconstructor model, ReadOnlySpan<float> samples, Span<float> latents)
    {
        var rows = samples.Length / model.SampleLength;
        return samples.Length == (long)rows * model.SampleLength && latents.Length == (long)rows * model.LatentSize
            ? rows
            : throw new ArgumentException($"Expected samples of {model.SampleLength} values and as many latents of {model.LatentSize}, got {samples.Length} and {latents.Length} values.", nameof(samples));
    }

    /// <summary>Checks that latents are whole.</summary>
    /// <returns>How many there are.</returns>
    /// <exception cref="ArgumentException">They are not.</exception>
    public static int CountLatents(IReconstructor model, ReadOnlySpan<float> latents) => latents.Length % model.LatentSize == 0
        ? latents.Length / model.LatentSize
        : throw new ArgumentException($"Expected latents of {model.LatentSize} values, got {latents.Length} values.", nameof(latents));

    /// <summary>Checks the room for reconstructions.</summary>
    /// <exception cref="ArgumentException">It is not that of the samples.</exception>
    public static void Require(IReconstructor model, int rows, Span<float> reconstructions)
    {
        if (reconstructions.Length != (long)rows * model.SampleLength)
        {
            throw new ArgumentException($"Expected room for {rows} reconstructions of {model.SampleLength} values, got {reconstructions.Length} values.", nameof(reconstructions));
        }
    }
}
