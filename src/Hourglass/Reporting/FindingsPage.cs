using System.Globalization;
using System.Text;
using Hourglass.Bundles;

namespace Hourglass.Reporting;

/// <summary>A page of pictures with where their scores come from, the strangest first.</summary>
public static class FindingsPage
{
    /// <summary>Writes the page: one HTML file that needs no network.</summary>
    /// <param name="path">Where it goes.</param>
    /// <param name="title">Heading.</param>
    /// <param name="lead">What was found, in a sentence or two.</param>
    /// <param name="pictures">What is shown, in order.</param>
    public static void Write(string path, string title, string lead, IReadOnlyList<PictureFinding> pictures)
    {
        using var style = new StreamReader(typeof(FindingsPage).Assembly.GetManifestResourceStream("report.css")!);
        var html = new StringBuilder("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">");
        html.Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">");
        html.Append(CultureInfo.InvariantCulture, $"<title>{Markup.Escape(title)}</title><style>{style.ReadToEnd()}</style></head><body><main><h1>{Markup.Escape(title)}</h1><p class=\"lead\">{Markup.Escape(lead)}</p>");
        html.Append("<p class=\"legend\">Left the picture, in the middle what each pixel adds to the score (dark: nothing, bright: most; all maps share one scale), right both, with a box around the strangest region.</p>");
        foreach (var picture in pictures)
        {
            html.Append(Markup.Figure(Markup.Image(picture.Png, picture.Caption), picture.Caption));
        }

        html.Append("</main></body></html>\n");
        AtomicFile.WriteText(path, html.ToString());
    }
}

/// <summary>A picture with where its score comes from.</summary>
/// <param name="Png">A PNG file.</param>
/// <param name="Caption">Which it is, its score and what that means.</param>
public sealed record PictureFinding(byte[] Png, string Caption);
