using System.Text.Json.Serialization;

namespace Hourglass.Detection.Calibration;

/// <summary>The scores of many samples, small enough for a model file.</summary>
/// <remarks>The 4,096 highest are kept as they are. Below, runs of one 4,096th of their rank are raised to the highest of the run, so that
/// a p-value is never too small and at most one part in 4,096 too large: 600,000 scores take 25,000 numbers.</remarks>
public sealed class ScoreDistribution
{
    private const int Exact = 4096;
    private const int MaximumValues = 1 << 20;

    private long[]? _atLeast;

    /// <summary>Distinct scores, ascending.</summary>
    public required double[] Values { get; init; }

    /// <summary>How many samples have each score.</summary>
    public required long[] Counts { get; init; }

    /// <summary>Samples in all.</summary>
    [JsonIgnore]
    public long Count => AtLeastEach[0];

    private long[] AtLeastEach => _atLeast ??= Accumulate();

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

        var (values, counts) = (new List<double>(), new List<long>());
        for (var rank = 1L; rank <= sorted.Length;)
        {
            var run = Math.Min(Math.Max(1, rank / Exact), sorted.Length - rank + 1);
            var value = sorted[^(int)rank];
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
        return new ScoreDistribution { Values = [.. values], Counts = [.. counts] };
    }

    /// <summary>How many samples score as high or higher.</summary>
    /// <param name="score">A score.</param>
    public long AtLeast(double score) => Tail(LowerBound(score));

    /// <summary>How many samples score higher.</summary>
    /// <param name="score">A score.</param>
    public long Above(double score)
    {
        var place = LowerBound(score);
        return Tail(place < Values.Length && Values[place] == score ? place + 1 : place);
    }

    /// <summary>The score of a rank.</summary>
    /// <param name="rank">1 for the highest score, up to <see cref="Count"/>.</param>
    public double Highest(long rank)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rank, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rank, Count);
        var (low, high) = (0, Values.Length - 1); // the last place whose tail holds the rank
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = AtLeastEach[middle] >= rank ? (middle, high) : (low, middle - 1);
        }

        return Values[low];
    }

    /// <summary>Refuses what a file may claim and no gathering produces.</summary>
    /// <exception cref="HourglassException">Values that do not ascend, counts that do not fit them.</exception>
    public void Validate()
    {
        if (Values.Length is 0 or > MaximumValues || Counts.Length != Values.Length || !Array.TrueForAll(Values, double.IsFinite)
            || !Array.TrueForAll(Counts, count => count is > 0 and < 1L << 40) || Enumerable.Range(1, Values.Length - 1).Any(place => Values[place] <= Values[place - 1]))
        {
            throw new HourglassException($"calibration: expected 1 to {MaximumValues} finite scores that ascend, each with a count above 0; got {Values.Length} scores and {Counts.Length} counts.");
        }
    }

    private long Tail(int place) => place < Values.Length ? AtLeastEach[place] : 0;

    private int LowerBound(double score)
    {
        var place = Array.BinarySearch(Values, score);
        return place >= 0 ? place : ~place;
    }

    private long[] Accumulate()
    {
        var sums = (long[])Counts.Clone();
        for (var place = sums.Length - 2; place >= 0; place--)
        {
            sums[place] += sums[place + 1];
        }

        return sums;
    }
}
