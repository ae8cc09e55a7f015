using Hourglass.Data.Stores;

namespace Hourglass.Cli.Commands;

/// <summary>Reads a store in blocks.</summary>
internal static class SampleBlocks
{
    private const int Rows = 512;

    /// <summary>Blocks of samples, [sample, value] row-major.</summary>
    public static IEnumerable<float[]> Of(SampleStore samples)
    {
        for (var start = 0L; start < samples.Count; start += Rows)
        {
            var count = (int)Math.Min(Rows, samples.Count - start);
            var values = new float[count * samples.SampleLength];
            samples.Read(start, count, values);
            yield return values;
        }
    }
}
