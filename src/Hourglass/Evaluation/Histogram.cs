namespace Hourglass.Evaluation;

/// <summary>Counts in bins of equal width.</summary>
public static class Histogram
{
    /// <summary>Counts values.</summary>
    /// <param name="values">Finite values; at least one.</param>
    /// <param name="bins">Number of bins.</param>
    public static IReadOnlyList<HistogramBin> Of(IEnumerable<double> values, int bins)
    {
        var all = values.ToList();
        var (low, high) = (all.Min(), all.Max());
        var width = high > low ? (high - low) / bins : 1;
        var counts = new int[bins];
        foreach (var value in all)
        {
            counts[Math.Clamp((int)((value - low) / width), 0, bins - 1)]++;
        }

        return [.. counts.Select((count, bin) => new HistogramBin(low + (bin * width), low + ((bin + 1) * width), count))];
    }
}

/// <summary>One bin.</summary>
/// <param name="From">Lower edge.</param>
/// <param name="To">Upper edge.</param>
/// <param name="Count">Values in it.</param>
public readonly record struct HistogramBin(double From, double To, int Count);
