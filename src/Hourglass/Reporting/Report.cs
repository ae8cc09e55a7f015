using System.Globalization;
using System.Text;
using Hourglass.Bundles;
using Hourglass.Reporting.Plots;

namespace Hourglass.Reporting;

/// <summary>Draws a report: one HTML file that needs no network.</summary>
public static class Report
{
    private const string Script = "const r=document.documentElement,b=document.getElementById('theme');b.onclick=()=>{const d=r.dataset.theme?r.dataset.theme==='dark':matchMedia('(prefers-color-scheme:dark)').matches;r.dataset.theme=d?'light':'dark'}";

    /// <summary>Writes a report.</summary>
    /// <param name="path">Where it goes.</param>
    /// <param name="contents">What it shows.</param>
    public static void Write(string path, ReportContents contents) => AtomicFile.WriteText(path, Render(contents));

    /// <summary>The report as HTML.</summary>
    /// <param name="contents">What it shows.</param>
    public static string Render(ReportContents contents)
    {
        var sections = Sections(contents).Where(section => section.Html.Length > 0).ToList();
        using var style = new StreamReader(typeof(Report).Assembly.GetManifestResourceStream("report.css")!);
        var html = new StringBuilder("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">");
        html.Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">");
        html.Append($"<title>{Markup.Escape(contents.Title)}</title><style>{style.ReadToEnd()}</style></head><body><main>");
        html.Append("<header><span>Hourglass training report</span><button id=\"theme\" type=\"button\">light / dark</button></header>");
        html.Append(Opening(contents));
        html.Append("<nav>").AppendJoin("", sections.Select(section => $"<a href=\"#{section.Id}\">{section.Title}</a>")).Append("</nav>");
        foreach (var section in sections)
        {
            html.Append($"<section><h2 id=\"{section.Id}\">{section.Title}</h2>{section.Html}</section>");
        }

        return html.Append($"</main><script>{Script}</script></body></html>\n").ToString();
    }

    private static string Opening(ReportContents contents)
    {
        if (contents.Comparison is not { } comparison)
        {
            return $"<h1>Trained without a bottleneck</h1><p class=\"lead\">{Markup.Escape(contents.Title)}. PCA has no counterpart to compare with. Squared error {Markup.Figure(contents.Scores.Average())} per value over {contents.MeasuredOn}.</p>";
        }

        var title = comparison.Verdict == "autoencoder"
            ? $"The <em>autoencoder</em> beats PCA: {comparison.Ratio.ToString("0.00", CultureInfo.InvariantCulture)} times its error."
            : comparison.Difference.Low > 0 ? "<em class=\"pca\">PCA wins here.</em> Use it." : "No clear winner: <em class=\"pca\">use PCA</em>, it is simpler.";
        var interval = $"Difference (autoencoder minus PCA): {Markup.Figure(comparison.Difference.Mean)}, 95 % interval [{Markup.Figure(comparison.Difference.Low)}, {Markup.Figure(comparison.Difference.High)}], paired bootstrap over {contents.MeasuredOn}.";
        return $"<h1>{title}</h1><p class=\"lead\">{Markup.Escape(contents.Title)}. {Markup.Escape(comparison.Advice)}</p>"
            + Markup.Figure(VerdictPlot.Svg(comparison.SquaredError, comparison.PcaSquaredError), $"Squared error per value, in model-input units; shorter is better. PCA has {comparison.Components} components, as many as the autoencoder has latents. {interval}");
    }

    private static IEnumerable<(string Id, string Title, string Html)> Sections(ReportContents contents) =>
    [
        ("curves", "Learning", ReportSections.Curves(contents)),
        ("reconstructions", "Reconstructions", ReportSections.Picture(contents.Reconstructions) + ReportSections.Rows(contents.Rows)),
        ("features", "Where the error is", ReportSections.Picture(contents.ErrorMap) + ReportSections.FeatureErrors(contents)),
        ("scores", "Scores", ReportSections.Scores(contents)),
        ("map", "Latent map", ReportSections.Map(contents)),
        ("traversals", "One latent at a time", ReportSections.Picture(contents.Traversals)),
        ("samples", "New samples", ReportSections.Picture(contents.Samples)),
        ("facts", "How it was made", ReportSections.Facts(contents)),
    ];
}
