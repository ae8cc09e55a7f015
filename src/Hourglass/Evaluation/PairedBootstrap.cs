namespace Hourglass.Evaluation;

/// <summary>Interval for the mean difference of two errors measured on the same samples.</summary>
/// <remarks>Percentile bootstrap over samples (Efron 1979); 2,000 seeded resamples.</remarks>
public static class PairedBootstrap
{
    private const int Resamples = 2000;
    private const int MaximumSamples = 20_000; // a resample of more than these costs time and narrows nothing that matters

    /// <summary>Compares two errors.</summary>
    /// <param name="first">Error of each sample under the first model.</param>
    /// <param name="second">Error of each sample under the second.</param>
    /// <param name="seed">Seed of the resamples.</param>
    public static PairedDifference Compare(IReadOnlyList<double> first, IReadOnlyList<double> second, int seed = 1)
    {
        var differences = first.Zip(second, (a, b) => a - b).ToArray();
        var random = new Random(seed);
        var drawn = Math.Min(differences.Length, MaximumSamples);
        var means = new double[Resamples];
        for (var resample = 0; resample < Resamples; resample++)
        {
            var sum = 0.0;
            for (var draw = 0; draw < drawn; draw++)
            {
                sum += differences[random.Next(differences.Length)];
            }

            means[resample] = sum / drawn;
        }

        var mean = differences.Average();
        var shrink = Math.Sqrt((double)drawn / differences.Length); // m out of n
        Array.Sort(means);
        return new PairedDifference(mean, mean + (shrink * (means[(int)(0.025 * Resamples)] - mean)), mean + (shrink * (means[(int)(0.975 * Resamples)] - mean)));
    }
}

/// <summary>First minus second.</summary>
/// <param name="Mean">Mean difference.</param>
/// <param name="Low">Lower end of the 95 % interval.</param>
/// <param name="High">Upper end of the 95 % interval.</param>
public sealed record PairedDifference(double Mean, double Low, double High);
