using Hourglass.Data.Stores;

namespace Hourglass.Tasks;

/// <summary>What each latent stands for: how often it fires, and the samples that fire it most.</summary>
public static class FeatureTask
{
    private const int Rows = 512;

    /// <summary>Looks at all samples of a store.</summary>
    /// <param name="trained">The model.</param>
    /// <param name="samples">Model inputs.</param>
    /// <param name="top">Samples kept for each latent.</param>
    /// <returns>One entry for each latent, those that fire most strongly first.</returns>
    public static IReadOnlyList<LatentFeature> Run(TrainedAutoencoder trained, SampleStore samples, int top)
    {
        var size = trained.LatentSize;
        var best = Enumerable.Range(0, size).Select(_ => new PriorityQueue<long, float>()).ToArray();
        var (fires, sums) = (new long[size], new double[size]);
        var batch = new float[Rows * samples.SampleLength];
        for (var start = 0L; start < samples.Count; start += Rows)
        {
            var count = (int)Math.Min(Rows, samples.Count - start);
            samples.Read(start, count, batch);
            var latents = trained.Encode(batch.AsSpan(0, count * samples.SampleLength));
            for (var place = 0; place < latents.Length; place++)
            {
                var (unit, value) = (place % size, latents[place]);
                if (value == 0)
                {
                    continue;
                }

                fires[unit]++;
                sums[unit] += Math.Abs(value);
                if (best[unit].Count < top)
                {
                    best[unit].Enqueue(start + (place / size), value);
                }
                else
                {
                    best[unit].EnqueueDequeue(start + (place / size), value);
                }
            }
        }

        return [.. Enumerable.Range(0, size).Select(unit => new LatentFeature(unit, (double)fires[unit] / samples.Count, fires[unit] > 0 ? sums[unit] / fires[unit] : 0, Ordered(best[unit])))
            .OrderByDescending(feature => feature.Samples.Count > 0 ? feature.Samples[0].Value : float.NegativeInfinity)];
    }

    private static List<FiringSample> Ordered(PriorityQueue<long, float> queue)
    {
        var samples = new List<FiringSample>();
        while (queue.TryDequeue(out var sample, out var value))
        {
            samples.Add(new FiringSample(sample, value));
        }

        samples.Reverse();
        return samples;
    }
}

/// <summary>One latent.</summary>
/// <param name="Unit">Its number, counted from 0.</param>
/// <param name="Density">Share of samples in which it is not 0.</param>
/// <param name="MeanValue">Mean absolute value where it fires.</param>
/// <param name="Samples">The samples with its largest values, largest first.</param>
public sealed record LatentFeature(int Unit, double Density, double MeanValue, IReadOnlyList<FiringSample> Samples);

/// <summary>A sample that fires a latent.</summary>
/// <param name="Sample">Its number, counted from 0.</param>
/// <param name="Value">The latent's value.</param>
public sealed record FiringSample(long Sample, float Value);
