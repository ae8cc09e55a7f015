using System.Globalization;

namespace Hourglass.Data.Tabular;

/// <summary>Reads numbers, dates and missing values as files write them; never with the machine's culture.</summary>
internal static class Numbers
{
    private const int MostDigits = 15; // such a whole number is exact in double precision, and so is its power of ten
    private static readonly NumberFormatInfo CommaFormat = new() { NumberDecimalSeparator = ",", NumberGroupSeparator = "." };
    private static readonly HashSet<string> MissingWords = new(StringComparer.OrdinalIgnoreCase) { "", "NA", "N/A", "?", "NaN", "null", "none", "nil", "#N/A", "-" };
    private static readonly int LongestMissing = MissingWords.Max(word => word.Length);
    private static readonly double[] PowersOfTen = [.. Enumerable.Range(0, MostDigits + 1).Select(power => Math.Pow(10, power))];
    private static readonly string[] DateFormats =
    [
        "yyyy-MM-dd", "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss.FFFFFFF", "yyyy-MM-ddTHH:mm", "yyyy-MM-ddTHH:mm:ss", "yyyy-MM-ddTHH:mm:ss.FFFFFFF",
        "yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK", "yyyy/MM/dd", "yyyy/MM/dd HH:mm:ss", "M/d/yyyy", "M/d/yyyy H:mm", "M/d/yyyy H:mm:ss", "d.M.yyyy", "d.M.yyyy H:mm:ss",
    ];

    /// <summary>Whether a text stands for "no value".</summary>
    public static bool IsMissing(ReadOnlySpan<char> text) => text.Length <= LongestMissing && MissingWords.GetAlternateLookup<ReadOnlySpan<char>>().Contains(text);

    /// <summary>Reads a finite number.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, char decimalMark, out double number)
    {
        if (TryParsePlain(text, decimalMark, out number))
        {
            return true;
        }

        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(text, Style, decimalMark == ',' ? CommaFormat : NumberFormatInfo.InvariantInfo, out number) && double.IsFinite(number);
    }

    /// <summary>Reads a date or a time stamp as seconds since 2000-01-01, UTC where it says so.</summary>
    public static bool TryParseDate(ReadOnlySpan<char> text, out double seconds)
    {
        var isDate = DateTime.TryParseExact(text, DateFormats, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal, out var date);
        seconds = isDate ? (date - new DateTime(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc)).TotalSeconds : 0;
        return isDate;
    }

    /// <summary>Writes what <see cref="TryParseDate"/> read, to the second.</summary>
    public static string WriteDate(double seconds) =>
        new DateTime(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddSeconds(Math.Clamp(Math.Round(seconds), -6e10, 2e11)).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    // Sign, digits, one decimal mark: a quotient of two exact numbers, and so rounded as the platform rounds it. Clinger 1990.
    private static bool TryParsePlain(ReadOnlySpan<char> text, char decimalMark, out double number)
    {
        number = 0;
        var place = text.Length > 0 && text[0] is '-' or '+' ? 1 : 0;
        var (whole, digits, decimals) = (0L, 0, -1);
        for (; place < text.Length; place++)
        {
            var digit = text[place] - '0';
            if ((uint)digit <= 9)
            {
                whole = (whole * 10) + digit;
                digits++;
                decimals += decimals >= 0 ? 1 : 0;
            }
            else if (text[place] == decimalMark && decimals < 0)
            {
                decimals = 0;
            }
            else
            {
                return false;
            }
        }

        if (digits is 0 or > MostDigits)
        {
            return false;
        }

        number = decimals > 0 ? whole / PowersOfTen[decimals] : whole;
        number = text[0] == '-' ? -number : number;
        return true;
    }
}
