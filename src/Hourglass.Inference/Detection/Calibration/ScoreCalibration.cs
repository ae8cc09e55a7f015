using System.Globalization;

namespace Hourglass.Detection.Calibration;

/// <summary>The scores that thresholds and p-values come from, and the rule in force.</summary>
public sealed record ScoreCalibration
{
    /// <summary>Confidence of every interval that is printed.</summary>
    public const double Confidence = 0.99;

    /// <summary>Scores of normal samples that neither trained the model nor chose anything about it.</summary>
    public required ScoreDistribution HeldOut { get; init; }

    /// <summary>The rule in force.</summary>
    public ThresholdRule Rule { get; init; } = ThresholdRule.Default;

    /// <summary>Folds of which each was scored by what had learnt from the others, while all folds taught what scores now: the promise then holds by experience, and no interval is known; 0 where samples were held out.</summary>
    public int Folds { get; init; }

    /// <summary>The smallest rate that the held-out samples support: 1 / (n + 1).</summary>
    public double SmallestRate => 1.0 / (HeldOut.Count + 1);

    /// <summary>The conformal p-value of a score: (1 + held-out scores as high or higher) / (n + 1).</summary>
    /// <remarks>Of normal samples, at most a share p has a p-value of p or less; ties make it larger, never smaller.
    /// Vovk, Gammerman and Shafer 2005, Algorithmic learning in a random world; Laxhammar and Falkman 2010.</remarks>
    /// <param name="score">Higher is more anomalous.</param>
    public double PValue(double score) => (1.0 + HeldOut.AtLeast(score)) / (HeldOut.Count + 1);

    /// <summary>The p-value with ties, the sample's own among them, broken by a draw: uniform for normal samples, not only valid.</summary>
    /// <param name="score">Higher is more anomalous.</param>
    /// <param name="draw">Uniform on 0 to 1.</param>
    public double SmoothedPValue(double score, double draw)
    {
        var (atLeast, above) = (HeldOut.AtLeast(score), HeldOut.Above(score));
        return (above + (draw * (atLeast - above + 1))) / (HeldOut.Count + 1);
    }

    /// <summary>The threshold of the rule in force.</summary>
    public ScoreThreshold Threshold() => Threshold(Rule);

    /// <summary>The threshold of another rule.</summary>
    /// <param name="rule">The rule.</param>
    /// <returns>Without a value where there are too few scores for the rule: never a threshold that pretends.</returns>
    /// <exception cref="HourglassException">A rate out of range.</exception>
    public ScoreThreshold Threshold(ThresholdRule rule)
    {
        rule.Validate();
        return rule switch
        {
            FalseAlarmRule promise => Conformal(promise),
            ContaminationRule contamination => Contamination(contamination),
            PeaksOverThresholdRule peaks => PeaksOverThreshold.Threshold(HeldOut, peaks),
            _ => throw new ArgumentException($"No threshold for {rule.GetType().Name}.", nameof(rule)),
        };
    }

    /// <summary>Rank of the threshold among the held-out scores, and how many of them lie above: what <see cref="FalseAlarmInterval"/> needs.</summary>
    /// <param name="rate">The promised rate.</param>
    /// <returns>Rank 0 where the rate is not supported.</returns>
    public (long Rank, long Above) Rank(double rate)
    {
        // A score is an alarm when its p-value is at most the rate, that is when fewer than k held-out scores reach it.
        var rank = Math.Min((long)Math.Floor(rate * (HeldOut.Count + 1) * (1 + 1e-12)), HeldOut.Count);
        return (rank, rank == 0 ? 0 : HeldOut.Above(HeldOut.Highest(rank)));
    }

    private ScoreThreshold Conformal(FalseAlarmRule rule)
    {
        var (rank, above) = Rank(rule.Rate);
        var count = HeldOut.Count.ToString("N0", CultureInfo.InvariantCulture);
        if (rank == 0)
        {
            var needed = Math.Ceiling((1 / rule.Rate) - 1 - 1e-9);
            return new ScoreThreshold
            {
                Value = null,
                Rule = rule,
                Calibrated = HeldOut.Count,
                Sentence = string.Create(CultureInfo.InvariantCulture, $"A promise of {RateText.Write(rule.Rate)} false alarms needs {needed:N0} held-out normal samples, and there are {count}: the smallest rate they support is {RateText.Write(SmallestRate)}. Calibrate on more normal samples, ask for --false-alarms {RateText.Write(SmallestRate)}, or extrapolate with --peaks-over-threshold {RateText.Write(rule.Rate)}."),
            };
        }

        var value = HeldOut.Highest(rank);
        if (Folds > 0)
        {
            return new ScoreThreshold
            {
                Value = value,
                Rule = rule,
                Calibrated = HeldOut.Count,
                Sentence = string.Create(CultureInfo.InvariantCulture, $"Alarm above {value:0.######}: about {RateText.Write(rule.Rate)} of normal samples or fewer, by {count} samples that were each scored without their fold ({Folds} folds). That is experience and no proof: calibrate on fresh normal samples where it must be one."),
            };
        }

        var interval = FalseAlarmInterval.Of(rank, above, HeldOut.Count, Confidence);
        return new ScoreThreshold
        {
            Value = value,
            Rule = rule,
            Calibrated = HeldOut.Count,
            Realised = interval,
            Sentence = string.Create(CultureInfo.InvariantCulture, $"Alarm above {value:0.######}: at most {RateText.Write(rule.Rate)} of normal samples on average over calibrations; with these {count} held-out samples the rate lies from {interval.Low:0.######} to {interval.High:0.######} ({Confidence:0 %} confidence)."),
        };
    }

    private ScoreThreshold Contamination(ContaminationRule rule)
    {
        var alarms = (long)Math.Floor(rule.Share * HeldOut.Count * (1 + 1e-12));
        var value = HeldOut.Highest(Math.Min(alarms + 1, HeldOut.Count));
        return new ScoreThreshold
        {
            Value = value,
            Rule = rule,
            Calibrated = HeldOut.Count,
            Sentence = string.Create(CultureInfo.InvariantCulture, $"Alarm above {value:0.######}: {HeldOut.Above(value):N0} of the {HeldOut.Count:N0} samples held out of the training data, by the share {RateText.Write(rule.Share)} that was given. Nothing is promised about false alarms."),
        };
    }
}
