namespace Hourglass.Detection.Calibration;

/// <summary>Where the realised rate of false alarms lies, given the held-out normals that happened to be drawn.</summary>
/// <remarks>The rate above the k-th highest of n independent continuous scores follows Beta(k, n + 1 - k), whatever the distribution of the scores.
/// Vovk 2012, Conditional validity of inductive conformal predictors, https://arxiv.org/abs/1209.2673.</remarks>
/// <param name="Low">Lower end of the rate.</param>
/// <param name="High">Upper end of the rate.</param>
/// <param name="Confidence">How often such an interval holds the rate.</param>
public readonly record struct FalseAlarmInterval(double Low, double High, double Confidence)
{
    /// <summary>The interval for alarms above the k-th highest held-out score.</summary>
    /// <param name="rank">k; 0 for a threshold that nothing reaches.</param>
    /// <param name="above">Held-out scores strictly above that score: below k - 1 where scores are tied, which only lowers the rate.</param>
    /// <param name="count">Held-out scores.</param>
    /// <param name="confidence">How often it holds, above 0 and below 1.</param>
    public static FalseAlarmInterval Of(long rank, long above, long count, double confidence)
    {
        var (low, high) = Betas(rank, above, count);
        var tail = (1 - confidence) / 2;
        return new FalseAlarmInterval(
            low == 0 ? 0 : BetaDistribution.Quantile(tail, low, count + 1 - low), rank == 0 ? 0 : BetaDistribution.Quantile(1 - tail, high, count + 1 - high), confidence);
    }

    /// <summary>The interval for how many of some fresh normals raise an alarm: the chance of the threshold and the chance of the sample together.</summary>
    /// <param name="rank">As for <see cref="Of"/>.</param>
    /// <param name="above">As for <see cref="Of"/>.</param>
    /// <param name="count">Held-out scores.</param>
    /// <param name="fresh">Fresh normals.</param>
    /// <param name="confidence">How often it holds, above 0 and below 1.</param>
    /// <returns>Smallest and largest count.</returns>
    public static (long Low, long High) Alarms(long rank, long above, long count, long fresh, double confidence)
    {
        var (low, high) = Betas(rank, above, count);
        var tail = (1 - confidence) / 2;
        return (low == 0 ? 0 : BetaDistribution.CountQuantile(tail, fresh, low, count + 1 - low), rank == 0 ? 0 : BetaDistribution.CountQuantile(1 - tail, fresh, high, count + 1 - high));
    }

    private static (long Low, long High) Betas(long rank, long above, long count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rank, count);
        return (above >= rank - 1 ? rank : above, rank);
    }
}
