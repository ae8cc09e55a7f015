namespace Hourglass.Evaluation;

/// <summary>Alarms against labels, sample by sample.</summary>
/// <param name="Precision">Share of alarms that are anomalies; 0 without alarms.</param>
/// <param name="Recall">Share of anomalies with an alarm.</param>
/// <param name="FalseAlarmRate">Share of normal samples with an alarm; 0 without normal samples.</param>
public readonly record struct PointFigures(double Precision, double Recall, double FalseAlarmRate)
{
    /// <summary>Harmonic mean of precision and recall.</summary>
    public double F1 => Precision + Recall > 0 ? 2 * Precision * Recall / (Precision + Recall) : 0;

    /// <summary>Counts alarms: a score at or above the threshold is one.</summary>
    /// <param name="scores">Higher is more anomalous; no NaN.</param>
    /// <param name="anomalous">Which samples are anomalies; at least one.</param>
    /// <param name="threshold">The lowest score that raises an alarm.</param>
    /// <exception cref="HourglassException">The lengths differ, a score is NaN, or no sample is an anomaly.</exception>
    public static PointFigures At(ReadOnlySpan<double> scores, ReadOnlySpan<bool> anomalous, double threshold)
    {
        LabelledScores.Require(scores, anomalous);
        int hits = 0, falseAlarms = 0, anomalies = anomalous.Count(true);
        for (var place = 0; place < scores.Length; place++)
        {
            if (scores[place] >= threshold)
            {
                hits += anomalous[place] ? 1 : 0;
                falseAlarms += anomalous[place] ? 0 : 1;
            }
        }

        return new PointFigures(Share(hits, hits + falseAlarms), Share(hits, anomalies), Share(falseAlarms, scores.Length - anomalies));
    }

    private static double Share(int part, int whole) => whole > 0 ? (double)part / whole : 0;
}
