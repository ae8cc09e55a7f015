namespace Hourglass.Evaluation;

/// <summary>How well scores put anomalies above the rest, over all thresholds at once.</summary>
public static class Ranking
{
    /// <summary>Area under the receiver operating characteristic: the chance that an anomaly scores higher than a normal sample, ties counted half.</summary>
    /// <param name="scores">Higher is more anomalous; no NaN.</param>
    /// <param name="anomalous">Which samples are anomalies; at least one of each.</param>
    /// <exception cref="HourglassException">The lengths differ, a score is NaN, or one of the two kinds is missing.</exception>
    public static double Auroc(ReadOnlySpan<double> scores, ReadOnlySpan<bool> anomalous)
    {
        var (order, positives) = Descending(scores, anomalous);
        var negatives = order.Length - positives;
        if (negatives == 0)
        {
            throw new HourglassException($"AUROC needs normal samples too, all {order.Length} are anomalies.");
        }

        // Pairs in which the anomaly comes first; ties give half of theirs.
        double pairs = 0, above = 0;
        for (var start = 0; start < order.Length;)
        {
            var (end, hits) = Tie(order, scores, anomalous, start);
            pairs += (end - start - hits) * (above + (hits / 2.0));
            above += hits;
            start = end;
        }

        return pairs / ((double)positives * negatives);
    }

    /// <summary>Average precision: the mean over anomalies of the precision at the threshold that just finds each; samples with equal scores enter together.</summary>
    /// <param name="scores">Higher is more anomalous; no NaN.</param>
    /// <param name="anomalous">Which samples are anomalies; at least one.</param>
    /// <exception cref="HourglassException">The lengths differ, a score is NaN, or no sample is an anomaly.</exception>
    public static double AveragePrecision(ReadOnlySpan<double> scores, ReadOnlySpan<bool> anomalous)
    {
        var (order, positives) = Descending(scores, anomalous);
        double sum = 0, found = 0;
        for (var start = 0; start < order.Length;)
        {
            var (end, hits) = Tie(order, scores, anomalous, start);
            found += hits;
            sum += hits * found / end;
            start = end;
        }

        return sum / positives;
    }

    /// <summary>Share of anomalies among the <paramref name="count"/> highest scores; where the last place is tied, the tie's share.</summary>
    /// <param name="scores">Higher is more anomalous; no NaN.</param>
    /// <param name="anomalous">Which samples are anomalies; at least one.</param>
    /// <param name="count">How many are taken; the number of anomalies when null, as is usual.</param>
    /// <exception cref="HourglassException">The lengths differ, a score is NaN, no sample is an anomaly, or the count is not between 1 and the number of samples.</exception>
    public static double PrecisionAt(ReadOnlySpan<double> scores, ReadOnlySpan<bool> anomalous, int? count = null)
    {
        var (order, positives) = Descending(scores, anomalous);
        var taken = count ?? positives;
        if (taken < 1 || taken > order.Length)
        {
            throw new HourglassException($"Precision at n: n must be 1 to {order.Length}, got {taken}.");
        }

        var found = 0.0;
        for (var start = 0; start < taken;)
        {
            var (end, hits) = Tie(order, scores, anomalous, start);
            found += hits * Math.Min(1, (double)(taken - start) / (end - start));
            start = end;
        }

        return found / taken;
    }

    private static (int End, int Anomalies) Tie(int[] order, ReadOnlySpan<double> scores, ReadOnlySpan<bool> anomalous, int start)
    {
        var (end, anomalies) = (start, 0);
        for (var score = scores[order[start]]; end < order.Length && scores[order[end]] == score; end++)
        {
            anomalies += anomalous[order[end]] ? 1 : 0;
        }

        return (end, anomalies);
    }

    private static (int[] Order, int Positives) Descending(ReadOnlySpan<double> scores, ReadOnlySpan<bool> anomalous)
    {
        LabelledScores.Require(scores, anomalous);
        var keys = scores.ToArray();
        var order = Enumerable.Range(0, keys.Length).ToArray();
        Array.Sort(keys, order);
        Array.Reverse(order);
        return (order, anomalous.Count(true));
    }
}
