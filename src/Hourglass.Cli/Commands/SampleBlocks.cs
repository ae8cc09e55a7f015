using Hourglass.Data.Stores;

namespace Hourglass.Cli.Commands;

/// <summary>Reads a store in blocks.</summary>
internal static class SampleBlocks
{
    private const int Rows = 512;

    /// <summary>Blocks of samples, [sample, value] row-major.</summary>
    /// <param name="samples">The store.</param>
    /// <param name="progress">Told the share done before each block.</param>
    public static IEnumerable<float[]> Of(SampleStore samples, IProgress<double>? progress = null)
    {
        for (var start = 0L; start < samples.Count; start += Rows)
        {
            progress?.Report((double)start / samples.Count);
            var count = (int)Math.Min(Rows, samples.Count - start);
            var values = new float[count * samples.SampleLength];
            samples.Read(start, count, values);
            yield return values;
        }
    }
}
