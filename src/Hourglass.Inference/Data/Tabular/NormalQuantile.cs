namespace Hourglass.Data.Tabular;

/// <summary>Inverse of the standard normal distribution.</summary>
internal static class NormalQuantile
{
    /// <summary>The value below which a share of a standard normal lies; found by bisection, to 1e-12.</summary>
    public static double Of(double share)
    {
        var (low, high) = (-9.0, 9.0);
        while (high - low > 1e-12)
        {
            var middle = (low + high) / 2;
            (low, high) = Cumulative(middle) < share ? (middle, high) : (low, middle);
        }

        return (low + high) / 2;
    }

    // Abramowitz and Stegun 1964, 26.2.10: the series of the cumulative distribution; 26.2.14's continued fraction in the tails.
    private static double Cumulative(double value)
    {
        var size = Math.Abs(value);
        var density = Math.Exp(-value * value / 2) / Math.Sqrt(2 * Math.PI);
        double upper;
        if (size > 3)
        {
            var fraction = size;
            for (var term = 60; term >= 1; term--)
            {
                fraction = size + (term / fraction);
            }

            upper = density / fraction;
        }
        else
        {
            var (sum, part) = (size, size);
            for (var term = 1; term < 100; term++)
            {
                part *= size * size / ((2 * term) + 1);
                sum += part;
            }

            upper = 0.5 - (density * sum);
        }

        return value > 0 ? 1 - upper : upper;
    }
}
