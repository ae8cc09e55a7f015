using System.Globalization;
using System.Text;
using Hourglass.Bundles;
using Hourglass.Reporting.Plots;

namespace Hourglass.Reporting;

/// <summary>A page about a search: error against latent size with PCA beside it, and every trial.</summary>
public static class TuneReport
{
    /// <summary>Writes the page.</summary>
    /// <param name="path">Where it goes.</param>
    /// <param name="title">Heading.</param>
    /// <param name="lead">What was found, in a sentence.</param>
    /// <param name="frontier">Latent size, the autoencoder's error and PCA's; may be empty.</param>
    /// <param name="trials">Stage, options in words, error, epochs and seconds of each trial.</param>
    public static void Write(string path, string title, string lead, IReadOnlyList<(int LatentSize, double Error, double PcaError)> frontier, IReadOnlyList<(string Stage, string Words, double Error, int Epochs, double Seconds)> trials)
    {
        using var style = new StreamReader(typeof(TuneReport).Assembly.GetManifestResourceStream("report.css")!);
        var html = new StringBuilder("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">");
        html.Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">");
        html.Append(CultureInfo.InvariantCulture, $"<title>{Markup.Escape(title)}</title><style>{style.ReadToEnd()}</style></head><body><main><h1>{Markup.Escape(title)}</h1><p class=\"lead\">{Markup.Escape(lead)}</p>");
        html.Append(Frontier(frontier));
        html.Append("<section><h2>Trials</h2><div class=\"scroll\"><table><tr><th>stage</th><th>options</th><th>squared error</th><th>epochs</th><th>seconds</th></tr>");
        foreach (var (stage, words, error, epochs, seconds) in trials)
        {
            html.Append(CultureInfo.InvariantCulture, $"<tr><td>{Markup.Escape(stage)}</td><td class=\"wrap\">{Markup.Escape(words)}</td><td>{Markup.Figure(error)}</td><td>{epochs}</td><td>{seconds:0.0}</td></tr>");
        }

        html.Append("</table></div><p class=\"legend\">Squared error per value on validation data, in model-input units. Trials are short and see at most 20,000 training samples; only their order counts.</p></section></main></body></html>\n");
        AtomicFile.WriteText(path, html.ToString());
    }

    private static string Frontier(IReadOnlyList<(int LatentSize, double Error, double PcaError)> frontier)
    {
        if (frontier.Count < 2)
        {
            return "";
        }

        var chart = new Chart("Squared error against latent size", 360, frontier.Select(point => Math.Log2(point.LatentSize)), frontier.SelectMany(point => new[] { point.Error, point.PcaError }), "latent size, as a power of 2", "squared error per value");
        chart.Line("validation", frontier.Select(point => (Math.Log2(point.LatentSize), point.Error)), "autoencoder").Line("training", frontier.Select(point => (Math.Log2(point.LatentSize), point.PcaError)), "PCA");
        foreach (var (size, error, pca) in frontier)
        {
            chart.Dot("validation", Math.Log2(size), error, $"{size} latents: {Markup.Figure(error)}; PCA {Markup.Figure(pca)}", 4);
        }

        return "<section><h2>Error against latent size</h2>" + Markup.Figure(chart.Svg(), "Solid: the autoencoder after a short training with default options. Dashed: PCA with as many components. Both on validation data.") + "</section>";
    }
}
