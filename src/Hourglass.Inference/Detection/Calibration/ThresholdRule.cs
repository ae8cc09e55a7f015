using System.Text.Json.Serialization;

namespace Hourglass.Detection.Calibration;

/// <summary>How scores become alarms; may be changed after training, since the scores it needs are in the model file.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(FalseAlarmRule), "false-alarms")]
[JsonDerivedType(typeof(ContaminationRule), "contamination")]
[JsonDerivedType(typeof(PeaksOverThresholdRule), "peaks-over-threshold")]
public abstract record ThresholdRule
{
    private const int SteadyScores = 10;
    private static readonly double[] SteadyRates = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1];

    /// <summary>The rule that stands where nobody asked for another: one false alarm in a thousand.</summary>
    public static ThresholdRule Default { get; } = new FalseAlarmRule { Rate = 0.001 };

    /// <summary>The rule of a new detector: the strictest rate, of one in a thousand and laxer ones, that held-out samples hold steadily.</summary>
    /// <remarks>A threshold that few held-out scores reach hangs on each of them. With ten above it, the realised rate given the held-out samples spreads by a third of
    /// the promised one: Beta(k, n + 1 - k) has a relative spread of about 1 / sqrt(k).</remarks>
    /// <param name="heldOut">How many held-out samples there are.</param>
    public static ThresholdRule DefaultFor(long heldOut) => new FalseAlarmRule { Rate = SteadyRates.FirstOrDefault(rate => rate * (heldOut + 1) >= SteadyScores, SteadyRates[^1]) };

    /// <summary>Refuses rates out of range.</summary>
    /// <exception cref="HourglassException">A rate is not above 0 and below 1.</exception>
    public abstract void Validate();

    private protected static void Require(double rate, string name)
    {
        if (rate is not (> 0 and < 1))
        {
            throw new HourglassException($"{name}: expected a share above 0 and below 1, got {rate}.");
        }
    }
}

/// <summary>Split-conformal: of normal samples like the held-out ones, at most this share raises an alarm.</summary>
public sealed record FalseAlarmRule : ThresholdRule
{
    /// <summary>The promised rate.</summary>
    public required double Rate { get; init; }

    /// <inheritdoc/>
    public override void Validate() => Require(Rate, "false-alarms");
}

/// <summary>This share of samples like those trained on raises an alarm, measured on the held-out ones: for training data that hold about so many anomalies.</summary>
public sealed record ContaminationRule : ThresholdRule
{
    /// <summary>The share.</summary>
    public required double Share { get; init; }

    /// <inheritdoc/>
    public override void Validate() => Require(Share, "contamination");
}

/// <summary>Extreme values: a tail fitted to the highest held-out scores, for rates that no count of them reaches. A model, not a promise.</summary>
public sealed record PeaksOverThresholdRule : ThresholdRule
{
    /// <summary>The rate aimed at.</summary>
    public required double Rate { get; init; }

    /// <inheritdoc/>
    public override void Validate() => Require(Rate, "peaks-over-threshold");
}
