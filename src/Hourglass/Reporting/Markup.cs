using System.Globalization;
using System.Net;

namespace Hourglass.Reporting;

/// <summary>Text into markup: everything that comes from data is escaped, numbers are printed alike everywhere.</summary>
internal static class Markup
{
    public static string Escape(string text) => WebUtility.HtmlEncode(text);

    /// <summary>A coordinate, to a tenth of a pixel.</summary>
    public static string Pixel(double value) => (double.IsFinite(value) ? value : 0).ToString("0.#", CultureInfo.InvariantCulture);

    /// <summary>A figure with four significant digits.</summary>
    public static string Figure(double value) => value.ToString("G4", CultureInfo.InvariantCulture);

    public static string Image(byte[] png, string description) =>
        $"<img alt=\"{Escape(description)}\" src=\"data:image/png;base64,{Convert.ToBase64String(png)}\">";

    public static string Figure(string content, string caption) => $"<figure>{content}<figcaption>{Escape(caption)}</figcaption></figure>";
}
