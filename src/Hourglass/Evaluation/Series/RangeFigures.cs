namespace Hourglass.Evaluation.Series;

/// <summary>Precision and recall over runs of time steps instead of single steps.</summary>
/// <remarks>Tatbul, Lee, Zdonik, Alam and Gottschlich 2018, "Precision and Recall for Time Series", with a flat positional bias and a run that is hit in x pieces worth 1/x.
/// A true run earns existence for being hit at all, and overlap for how much of it is found and in how few pieces; an alarm's precision counts overlap only.</remarks>
/// <param name="Precision">Mean over alarms (runs of steps at or above the threshold); 0 without alarms.</param>
/// <param name="Recall">Mean over true runs.</param>
/// <param name="Existence">Share of true runs with at least one step found.</param>
public readonly record struct RangeFigures(double Precision, double Recall, double Existence)
{
    /// <summary>Harmonic mean of precision and recall.</summary>
    public double F1 => Precision + Recall > 0 ? 2 * Precision * Recall / (Precision + Recall) : 0;

    /// <summary>Measures alarms against true runs.</summary>
    /// <param name="scores">Higher is more anomalous, one for each step; no NaN.</param>
    /// <param name="anomalous">Which steps are anomalies; at least one.</param>
    /// <param name="threshold">The lowest score that raises an alarm.</param>
    /// <param name="existenceWeight">Weight of existence in the recall, 0 to 1; the paper's alpha.</param>
    /// <exception cref="HourglassException">The lengths differ, a score is NaN, no step is an anomaly, or the weight is outside [0, 1].</exception>
    public static RangeFigures At(ReadOnlySpan<double> scores, ReadOnlySpan<bool> anomalous, double threshold, double existenceWeight = 0.2)
    {
        LabelledScores.Require(scores, anomalous);
        if (existenceWeight is not (>= 0 and <= 1))
        {
            throw new HourglassException($"The weight of existence must be between 0 and 1, got {existenceWeight}.");
        }

        var alarms = new bool[scores.Length];
        for (var step = 0; step < scores.Length; step++)
        {
            alarms[step] = scores[step] >= threshold;
        }

        var (truth, raised) = (StepRange.Of(anomalous), StepRange.Of(alarms));
        var existence = truth.Average(run => alarms.AsSpan(run.First, run.Length).Contains(true) ? 1.0 : 0.0);
        var recall = (existenceWeight * existence) + ((1 - existenceWeight) * MeanOverlap(truth, alarms));
        return new RangeFigures(raised.Count > 0 ? MeanOverlap(raised, anomalous) : 0, recall, existence);
    }

    private static double MeanOverlap(IReadOnlyList<StepRange> runs, ReadOnlySpan<bool> marked)
    {
        var sum = 0.0;
        foreach (var run in runs)
        {
            var within = marked.Slice(run.First, run.Length);
            sum += (double)within.Count(true) / run.Length / Math.Max(1, StepRange.Of(within).Count);
        }

        return sum / runs.Count;
    }
}
