using Hourglass.Data;
using Hourglass.Data.Stores;

namespace Hourglass.Benchmarks;

/// <summary>Samples of uniform numbers from 0 to 1, the same in every run.</summary>
internal static class NoiseStore
{
    /// <summary>Writes them to a store for this run.</summary>
    /// <param name="shape">Of a sample.</param>
    /// <param name="samples">How many.</param>
    public static SampleStore Of(int[] shape, int samples)
    {
        using var writer = SampleStore.CreateTemporary(null, shape, ElementType.Float32);
        var (random, sample) = (new Random(1), new float[shape.Aggregate(1, (product, size) => product * size)]);
        for (var number = 0; number < samples; number++)
        {
            foreach (ref var value in sample.AsSpan())
            {
                value = random.NextSingle();
            }

            writer.Append(sample);
        }

        return writer.Finish();
    }
}
