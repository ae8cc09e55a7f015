using Hourglass.Bundles;

namespace Hourglass.Detection.Calibration;

/// <summary>The scores of many samples, small enough for a model file.</summary>
/// <remarks>Scores are raised to single precision, and of more than 4,096, runs of one 4,096th of their rank are raised to the highest of the run: so a
/// p-value is never too small, and at most one part in 4,096 too large. 600,000 scores take 25,000 numbers.</remarks>
public sealed class ScoreDistribution
{
    private const int Exact = 4096;
    private const int MaximumValues = 1 << 20;

    private readonly float[] _values; // distinct, ascending
    private readonly long[] _atLeast; // samples that score so or higher

    private ScoreDistribution(float[] values, long[] counts)
    {
        (_values, _atLeast) = (values, (long[])counts.Clone());
        for (var place = counts.Length - 2; place >= 0; place--)
        {
            _atLeast[place] += _atLeast[place + 1];
        }
    }

    /// <summary>Distinct scores, ascending; of very many, those that thresholds can tell apart.</summary>
    public IReadOnlyList<float> Values => _values;

    /// <summary>Samples in all.</summary>
    public long Count => _atLeast[0];

    /// <summary>Gathers scores.</summary>
    /// <param name="scores">In any order.</param>
    /// <exception cref="HourglassException">There is none, or one is not finite.</exception>
    public static ScoreDistribution Of(ReadOnlySpan<double> scores)
    {
        var sorted = scores.ToArray();
        Array.Sort(sorted);
        if (sorted.Length == 0 || !double.IsFinite(sorted[0]) || !double.IsFinite(sorted[^1]))
        {
            throw new HourglassException($"A threshold needs the scores of at least one sample, all finite; got {sorted.Length} scores{(sorted.Length == 0 ? "" : $" from {sorted[0]} to {sorted[^1]}")}.");
        }

        var (values, counts) = (new List<float>(), new List<long>());
        for (var rank = 1L; rank <= sorted.Length;)
        {
            var run = Math.Min(Math.Max(1, rank / Exact), sorted.Length - rank + 1);
            var value = Raised(sorted[^(int)rank]);
            if (values.Count > 0 && values[^1] == value)
            {
                counts[^1] += run;
            }
            else
            {
                values.Add(value);
                counts.Add(run);
            }

            rank += run;
        }

        values.Reverse();
        counts.Reverse();
        return new ScoreDistribution([.. values], [.. counts]);
    }

    /// <summary>How many samples score as high or higher.</summary>
    /// <param name="score">A score.</param>
    public long AtLeast(double score) => Tail(LowerBound(score));

    /// <summary>How many samples score higher.</summary>
    /// <param name="score">A score.</param>
    public long Above(double score)
    {
        var place = LowerBound(score);
        return Tail(place < _values.Length && _values[place] == score ? place + 1 : place);
    }

    /// <summary>The score of a rank.</summary>
    /// <param name="rank">1 for the highest score, up to <see cref="Count"/>.</param>
    public double Highest(long rank)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rank, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rank, Count);
        var (low, high) = (0, _values.Length - 1); // the last place whose tail holds the rank
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = _atLeast[middle] >= rank ? (middle, high) : (low, middle - 1);
        }

        return _values[low];
    }

    /// <summary>The distribution as it stands in a file: distinct scores, ascending, and how many samples have each.</summary>
    /// <param name="name">Name of the scores; the counts' is the same with ".counts".</param>
    internal IEnumerable<StoredTensor> ToStored(string name)
    {
        yield return new StoredTensor(name, [_values.Length], _values);
        yield return new StoredTensor($"{name}.counts", [_values.Length], [.. _atLeast.Zip(_atLeast.Skip(1).Append(0), (here, above) => here - above)]);
    }

    /// <summary>Reads a distribution.</summary>
    /// <param name="tensors">A file's tensors.</param>
    /// <param name="name">Name of the scores.</param>
    /// <param name="path">The file, for errors.</param>
    /// <exception cref="BundleException">There is none, or its numbers are such as no gathering gives.</exception>
    internal static ScoreDistribution FromStored(IReadOnlyDictionary<string, StoredTensor> tensors, string name, string path)
    {
        if (!tensors.TryGetValue(name, out var values) || !tensors.TryGetValue($"{name}.counts", out var counts) || values.IsInteger || !counts.IsInteger
            || values.Shape is not [>= 1 and <= MaximumValues and var length] || !counts.Shape.SequenceEqual([length])
            || !Array.TrueForAll(values.Floats, float.IsFinite) || !Array.TrueForAll(counts.Longs, count => count is > 0 and < 1L << 40)
            || Enumerable.Range(1, (int)length - 1).Any(place => values.Floats[place] <= values.Floats[place - 1]))
        {
            throw new BundleException($"{path}: the weights lack '{name}' of 1 to {MaximumValues} finite scores that ascend, with '{name}.counts' above 0. The file is altered.");
        }

        return new ScoreDistribution(values.Floats, counts.Longs);
    }

    private static float Raised(double score) => (float)score is var single && single < score ? MathF.BitIncrement(single) : single;

    private long Tail(int place) => place < _values.Length ? _atLeast[place] : 0;

    // The first place whose score is as high or higher.
    private int LowerBound(double score)
    {
        var (low, high) = (0, _values.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _values[middle] < score ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
