using System.Globalization;

namespace Hourglass.Detection.Calibration;

/// <summary>Reads and writes rates and shares as people write them: 1/1000, 0.001, 0.1%.</summary>
public static class RateText
{
    /// <summary>Reads a rate.</summary>
    /// <param name="text">A fraction, a decimal or a percentage.</param>
    /// <param name="option">The option it was given with, for the error.</param>
    /// <returns>Above 0 and below 1.</returns>
    /// <exception cref="HourglassException">No such number, or out of range.</exception>
    public static double Parse(string text, string option) =>
        TryRead(text.Trim(), out var rate) && rate is > 0 and < 1
            ? rate
            : throw new HourglassException($"{option} {text}: expected a share above 0 and below 1, as a fraction, a decimal or a percentage: 1/1000, 0.001 or 0.1%.");

    /// <summary>Writes a rate: as 1/n where n is whole, else as a decimal.</summary>
    /// <param name="rate">Above 0 and below 1.</param>
    public static string Write(double rate) => Math.Round(1 / rate) is var whole && Math.Abs((whole * rate) - 1) < 1e-9
        ? string.Create(CultureInfo.InvariantCulture, $"1/{whole:0}")
        : rate.ToString("0.######", CultureInfo.InvariantCulture);

    private static bool TryRead(string text, out double rate)
    {
        if (text.EndsWith('%') && TryNumber(text[..^1], out rate))
        {
            rate /= 100;
            return true;
        }

        if (text.Split('/') is [var above, var below])
        {
            var isFraction = TryNumber(above, out rate) & TryNumber(below, out var divisor);
            rate /= divisor;
            return isFraction;
        }

        return TryNumber(text, out rate);
    }

    private static bool TryNumber(string text, out double number) =>
        double.TryParse(text.Trim(), NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out number);
}
