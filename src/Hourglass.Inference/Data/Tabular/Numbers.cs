using System.Globalization;
using System.Numerics;
using System.Text;

namespace Hourglass.Data.Tabular;

/// <summary>Reads numbers, dates and missing values as files write them; never with the machine's culture.</summary>
internal static class Numbers
{
    private const int MostDigits = 15; // such a whole number is exact in double precision
    private const int MostPower = 22; // powers of ten up to it are exact in double precision
    private static readonly NumberFormatInfo CommaFormat = new() { NumberDecimalSeparator = ",", NumberGroupSeparator = "." };
    private static readonly HashSet<string> MissingWords = new(StringComparer.OrdinalIgnoreCase) { "", "NA", "N/A", "?", "NaN", "null", "none", "nil", "#N/A", "-" };
    private static readonly int LongestMissing = MissingWords.Max(word => word.Length);
    private static readonly double[] PowersOfTen = [.. Enumerable.Range(0, MostPower + 1).Select(power => double.Parse($"1e{power}", CultureInfo.InvariantCulture))];
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

    /// <summary>Reads a field of ASCII.</summary>
    /// <param name="text">The field, trimmed.</param>
    /// <param name="decimalMark">Before decimals.</param>
    /// <param name="number">The number; NaN where the text stands for "no value".</param>
    /// <returns>False where it is neither.</returns>
    public static bool TryParseField(ReadOnlySpan<byte> text, byte decimalMark, out double number)
    {
        if (TryParsePlain(text, decimalMark, out number))
        {
            return true;
        }

        var characters = text.Length <= 64 ? stackalloc char[text.Length] : new char[text.Length];
        Encoding.ASCII.GetChars(text, characters);
        if (!IsMissing(characters))
        {
            return TryParse(characters, (char)decimalMark, out number);
        }

        number = double.NaN;
        return true;
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

    /// <summary>Reads sign, digits, one decimal mark, a small exponent.</summary>
    /// <remarks>A product or quotient of two exact numbers, and so rounded as the platform rounds it. Clinger 1990.</remarks>
    /// <returns>False for anything else, which may still be a number.</returns>
    public static bool TryParsePlain<TText>(ReadOnlySpan<TText> text, TText decimalMark, out double number)
        where TText : unmanaged, IBinaryInteger<TText>
    {
        number = 0;
        var isNegative = text.Length > 0 && text[0] == TText.CreateTruncating('-');
        var place = isNegative || (text.Length > 0 && text[0] == TText.CreateTruncating('+')) ? 1 : 0;
        var (whole, digits, decimals) = (0L, 0, -1);
        for (; place < text.Length; place++)
        {
            var digit = uint.CreateTruncating(text[place]) - '0';
            if (digit <= 9)
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
                break;
            }
        }

        if (digits is 0 or > MostDigits || !TryParseExponent(text[place..], out var exponent))
        {
            return false;
        }

        exponent -= Math.Max(decimals, 0);
        if (Math.Abs(exponent) > MostPower)
        {
            return false;
        }

        number = exponent < 0 ? whole / PowersOfTen[-exponent] : whole * PowersOfTen[exponent];
        number = isNegative ? -number : number;
        return true;
    }

    // "e-05"; nothing is an exponent of 0.
    private static bool TryParseExponent<TText>(ReadOnlySpan<TText> text, out int exponent)
        where TText : unmanaged, IBinaryInteger<TText>
    {
        exponent = 0;
        if (text.Length == 0)
        {
            return true;
        }

        var isNegative = text.Length > 1 && text[1] == TText.CreateTruncating('-');
        var place = isNegative || (text.Length > 1 && text[1] == TText.CreateTruncating('+')) ? 2 : 1;
        if ((text[0] | TText.CreateTruncating(0x20)) != TText.CreateTruncating('e') || text.Length - place is 0 or > 3)
        {
            return false;
        }

        for (; place < text.Length; place++)
        {
            var digit = uint.CreateTruncating(text[place]) - '0';
            if (digit > 9)
            {
                return false;
            }

            exponent = (exponent * 10) + (int)digit;
        }

        exponent = isNegative ? -exponent : exponent;
        return true;
    }
}
