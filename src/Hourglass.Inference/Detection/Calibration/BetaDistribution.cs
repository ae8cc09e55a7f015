namespace Hourglass.Detection.Calibration;

/// <summary>The beta distribution, and the beta-binomial: counts whose probability is drawn from a beta.</summary>
internal static class BetaDistribution
{
    private const double Smallest = 1e-300;

    /// <summary>The value below which a share of a beta lies; by bisection.</summary>
    public static double Quantile(double share, double a, double b)
    {
        var (low, high) = (0.0, 1.0);
        for (var step = 0; step < 200 && high - low > 1e-15 * high; step++)
        {
            var middle = (low + high) / 2;
            (low, high) = Cumulative(middle, a, b) < share ? (middle, high) : (low, middle);
        }

        return (low + high) / 2;
    }

    /// <summary>The regularised incomplete beta function: the share of a beta that lies below a value.</summary>
    public static double Cumulative(double value, double a, double b)
    {
        if (value is <= 0 or >= 1)
        {
            return value <= 0 ? 0 : 1;
        }

        var front = Math.Exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + (a * Math.Log(value)) + (b * double.LogP1(-value)));
        return value < (a + 1) / (a + b + 2) ? front * Fraction(value, a, b) / a : 1 - (front * Fraction(1 - value, b, a) / b);
    }

    /// <summary>The smallest count with at least a share of the beta-binomial at or below it.</summary>
    /// <param name="share">Between 0 and 1.</param>
    /// <param name="trials">Largest count.</param>
    /// <param name="a">First parameter of the beta.</param>
    /// <param name="b">Second parameter of the beta.</param>
    public static long CountQuantile(double share, long trials, double a, double b)
    {
        // P(0) = B(a, b + trials) / B(a, b); then the ratio of neighbours.
        var logarithm = LogGamma(b + trials) - LogGamma(a + b + trials) - LogGamma(b) + LogGamma(a + b);
        var sum = 0.0;
        for (var count = 0L; count < trials; count++)
        {
            sum += Math.Exp(logarithm);
            if (sum >= share)
            {
                return count;
            }

            logarithm += Math.Log((trials - count) / (count + 1.0) * (count + a) / (trials - count - 1 + b));
        }

        return trials;
    }

    // Lentz's method for the continued fraction DLMF 8.17.22, https://dlmf.nist.gov/8.17.E22.
    private static double Fraction(double x, double a, double b)
    {
        var (upper, lower) = (1.0, 1 / Sized(1 - ((a + b) * x / (a + 1))));
        var value = lower;
        for (var m = 1; m <= 10_000; m++)
        {
            var even = m * (b - m) * x / ((a + (2 * m) - 1) * (a + (2 * m)));
            lower = 1 / Sized(1 + (even * lower));
            upper = Sized(1 + (even / upper));
            value *= lower * upper;
            var odd = -(a + m) * (a + b + m) * x / ((a + (2 * m)) * (a + (2 * m) + 1));
            lower = 1 / Sized(1 + (odd * lower));
            upper = Sized(1 + (odd / upper));
            value *= lower * upper;
            if (Math.Abs((lower * upper) - 1) < 1e-15)
            {
                break;
            }
        }

        return value;
    }

    private static double Sized(double value) => Math.Abs(value) < Smallest ? Smallest : value;

    // Stirling's series, after the argument is raised to where seven terms are exact to rounding. DLMF 5.11.1.
    private static double LogGamma(double value)
    {
        var shift = 0.0;
        for (; value < 12; value++)
        {
            shift -= Math.Log(value);
        }

        var (inverse, square) = (1 / value, 1 / (value * value));
        var series = inverse * ((1 / 12.0) - (square * ((1 / 360.0) - (square * ((1 / 1260.0) - (square * ((1 / 1680.0) - (square * ((1 / 1188.0) - (square * 691 / 360_360.0))))))))));
        return shift + ((value - 0.5) * Math.Log(value)) - value + (Math.Log(2 * Math.PI) / 2) + series;
    }
}
