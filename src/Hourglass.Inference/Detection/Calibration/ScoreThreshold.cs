using System.Text.Json.Serialization;

namespace Hourglass.Detection.Calibration;

/// <summary>A threshold and what is known about it.</summary>
public sealed record ScoreThreshold
{
    /// <summary>An alarm is a score above this; null when the rule cannot be kept, and then there are no alarms.</summary>
    public required double? Value { get; init; }

    /// <summary>The rule it comes from.</summary>
    public required ThresholdRule Rule { get; init; }

    /// <summary>Scores behind it.</summary>
    public required long Calibrated { get; init; }

    /// <summary>Where the realised rate of false alarms lies; for extreme values, by resampling the fit; null where nothing is known.</summary>
    public FalseAlarmInterval? Realised { get; init; }

    /// <summary>For extreme values, the fitted tail.</summary>
    public TailFit? Tail { get; init; }

    /// <summary>All this in a sentence or two, and what to do when the rule cannot be kept.</summary>
    public required string Sentence { get; init; }

    /// <summary>Whether the rule can be kept with these scores.</summary>
    [JsonIgnore]
    public bool IsSupported => Value is not null;

    /// <summary>Whether a score is an alarm.</summary>
    /// <param name="score">Higher is more anomalous.</param>
    public bool IsAlarm(double score) => score > Value;

    /// <summary>The threshold, or the reason that there is none.</summary>
    /// <exception cref="HourglassException">There are too few scores for the rule.</exception>
    public ScoreThreshold Require() => IsSupported ? this : throw new HourglassException(Sentence);
}
