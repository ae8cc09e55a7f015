namespace Hourglass.Evaluation.Series;

/// <summary>What the Numenta Anomaly Benchmark pays and charges.</summary>
/// <param name="TruePositive">For a window found at its first step.</param>
/// <param name="FalsePositive">Charged for an alarm far from any window.</param>
/// <param name="FalseNegative">Charged for a window without an alarm.</param>
public readonly record struct NabProfile(double TruePositive, double FalsePositive, double FalseNegative)
{
    /// <summary>The profile that published figures name first.</summary>
    public static NabProfile Standard => new(1, 0.11, 1);

    /// <summary>Alarms without cause cost twice as much.</summary>
    public static NabProfile RewardLowFalsePositives => new(1, 0.22, 1);

    /// <summary>Missed windows cost twice as much.</summary>
    public static NabProfile RewardLowFalseNegatives => new(1, 0.11, 2);
}
