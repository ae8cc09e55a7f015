using System.Globalization;
using System.Net;

namespace Hourglass.Reporting;

/// <summary>Text into markup: everything that comes from data is escaped, numbers are printed alike everywhere.</summary>
internal static class Markup
{
    public static string Escape(string text) => WebUtility.HtmlEncode(text);

    /// <summary>A coordinate, to a tenth of a pixel.</summary>
    public static string Pixel(double value) => (double.IsFinite(value) ? value : 0).ToString("0.#", CultureInfo.InvariantCulture);

    /// <summary>A figure with four significant digits, without an exponent where people can read it so.</summary>
    public static string Figure(double value)
    {
        var size = Math.Abs(value);
        if (size is not (>= 1e-4 and < 1e9))
        {
            return value.ToString("G4", CultureInfo.InvariantCulture);
        }

        var decimals = Math.Max(0, 3 - (int)Math.Floor(Math.Log10(size)));
        var text = value.ToString($"F{decimals}", CultureInfo.InvariantCulture);
        return text.Contains('.', StringComparison.Ordinal) ? text.TrimEnd('0').TrimEnd('.') : text;
    }

    public static string Image(byte[] png, string description) =>
        $"<img alt=\"{Escape(description)}\" src=\"data:image/png;base64,{Convert.ToBase64String(png)}\">";

    public static string Figure(string content, string caption) => $"<figure>{content}<figcaption>{Escape(caption)}</figcaption></figure>";
}
