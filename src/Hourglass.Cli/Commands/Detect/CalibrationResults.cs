using Hourglass.Detection.Calibration;

namespace Hourglass.Cli.Commands.Detect;

/// <summary>A threshold as commands print it.</summary>
/// <param name="Value">Alarms are above it; null when the rule cannot be kept.</param>
/// <param name="Rule">Where it comes from.</param>
/// <param name="HeldOut">Scores behind it.</param>
/// <param name="Realised">Where the realised rate of false alarms lies; null where nothing is known.</param>
/// <param name="Tail">The fitted tail of extreme values; null for other rules.</param>
/// <param name="Sentence">The same for people.</param>
internal sealed record ThresholdResult(double? Value, ThresholdRule Rule, long HeldOut, FalseAlarmInterval? Realised, TailFit? Tail, string Sentence)
{
    public static ThresholdResult Of(ScoreThreshold threshold) => new(threshold.Value, threshold.Rule, threshold.Calibrated, threshold.Realised, threshold.Tail, threshold.Sentence);
}

/// <summary>A drift test as commands print it.</summary>
/// <param name="HasDrifted">Whether a warning stands.</param>
/// <param name="PValue">Upper bound of its p-value.</param>
/// <param name="Scores">Scores it has seen.</param>
/// <param name="Sentence">The same for people.</param>
internal sealed record DriftResult(bool HasDrifted, double PValue, long Scores, string Sentence)
{
    public static DriftResult Of(DriftTest test) => new(test.HasDrifted, test.PValue, test.Count, test.Sentence);
}
