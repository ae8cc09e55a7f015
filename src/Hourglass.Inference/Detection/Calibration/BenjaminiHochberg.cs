namespace Hourglass.Detection.Calibration;

/// <summary>Alarms for a whole batch such that, on average, at most a given share of them is false.</summary>
/// <remarks>Benjamini and Hochberg 1995. Conformal p-values that share one calibration set are positively dependent in the way the
/// procedure needs: Bates, Candes, Lei, Romano and Sesia 2023, https://arxiv.org/abs/2104.08279.</remarks>
public static class BenjaminiHochberg
{
    /// <summary>The largest p-value that is an alarm; 0 when there is none.</summary>
    /// <param name="pValues">One for each sample of the batch.</param>
    /// <param name="rate">Share of the alarms that may be false, above 0 and below 1.</param>
    public static double Cut(ReadOnlySpan<double> pValues, double rate)
    {
        var sorted = pValues.ToArray();
        Array.Sort(sorted);
        for (var rank = sorted.Length; rank >= 1; rank--)
        {
            if (sorted[rank - 1] <= rate * rank / sorted.Length)
            {
                return sorted[rank - 1];
            }
        }

        return 0;
    }
}
