namespace Hourglass.Evaluation.Series;

/// <summary>A series' figures beside each other: over single steps, over runs of steps, and over all thresholds at once.</summary>
/// <remarks>Point adjustment (a whole run counts as found when one step is) is left out: it turns random scores into good ones (Kim et al. 2022).</remarks>
/// <param name="Auroc">Over steps.</param>
/// <param name="AveragePrecision">Over steps.</param>
/// <param name="Volume">Under the surface, labels fading out over up to <see cref="VolumeUnderSurface.UsualWidth"/> steps.</param>
/// <param name="Points">At the threshold, over steps; null without a threshold.</param>
/// <param name="Ranges">At the threshold, over runs; null without a threshold.</param>
public sealed record SeriesFigures(double Auroc, double AveragePrecision, VolumeUnderSurface Volume, PointFigures? Points, RangeFigures? Ranges)
{
    /// <summary>Measures scores.</summary>
    /// <param name="scores">Higher is more anomalous, one for each step; no NaN.</param>
    /// <param name="alarmScores">What the threshold is held against, one for each step.</param>
    /// <param name="anomalous">Which steps are anomalies; some, not all.</param>
    /// <param name="threshold">The highest score that raises no alarm; null when there is none.</param>
    /// <exception cref="HourglassException">The lengths differ, a score is NaN, or one of the two kinds of steps is missing.</exception>
    public static SeriesFigures Of(ReadOnlySpan<double> scores, ReadOnlySpan<double> alarmScores, ReadOnlySpan<bool> anomalous, double? threshold)
    {
        var lowest = threshold is { } value ? Math.BitIncrement(value) : (double?)null; // figures take the lowest score that raises an alarm
        return new SeriesFigures(
            Ranking.Auroc(scores, anomalous),
            Ranking.AveragePrecision(scores, anomalous),
            VolumeUnderSurface.Of(scores, anomalous),
            lowest is { } points ? PointFigures.At(alarmScores, anomalous, points) : null,
            lowest is { } ranges ? RangeFigures.At(alarmScores, anomalous, ranges) : null);
    }
}
