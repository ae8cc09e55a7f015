using System.Globalization;
using System.Text;
using Hourglass.Bundles;
using Hourglass.Detection;
using Hourglass.Reporting.Plots;

namespace Hourglass.Reporting;

/// <summary>A page about a detector on some samples: how high they score beside normal ones, how it stands beside rivals, and why the highest score.</summary>
public static class DetectorReport
{
    private const int Points = 200; // of a curve
    private const int Columns = 6; // named for each sample
    private const string TableLegend = "Parts add up to the score. Expected is what the model makes of the other columns too: a guide, no measurement.";
    private const string PictureLegend = "Left the picture, in the middle what each pixel adds to the score (one scale for all: dark nothing, bright most), right both, with a box around the strangest region. Pixels add up to the score.";

    /// <summary>Writes the page.</summary>
    /// <param name="path">Where it goes.</param>
    /// <param name="contents">What it shows.</param>
    public static void Write(string path, DetectorReportContents contents)
    {
        using var style = new StreamReader(typeof(DetectorReport).Assembly.GetManifestResourceStream("report.css")!);
        var html = new StringBuilder("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">");
        html.Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">");
        html.Append(CultureInfo.InvariantCulture, $"<title>{Markup.Escape(contents.Title)}</title><style>{style.ReadToEnd()}</style></head><body><main><h1>{Markup.Escape(contents.Title)}</h1><p class=\"lead\">{Markup.Escape(contents.Lead)}</p>");
        if (contents.Scores.Count > 0)
        {
            html.Append("<section><h2>Scores</h2>").Append(Curves(contents)).Append("</section>");
        }

        foreach (var table in contents.Tables)
        {
            html.Append($"<section><h2>{Markup.Escape(table.Title)}</h2>{Table(table.Columns, table.Rows)}<p class=\"legend\">{Markup.Escape(table.Caption)}</p></section>");
        }

        html.Append("<section><h2>The highest scores, and why</h2>").AppendJoin("", contents.Highest.Select(Why)).Append("<p class=\"legend\">").Append(contents.Highest.Any(sample => sample.Picture is not null) ? PictureLegend : TableLegend).Append("</p></section>");
        AtomicFile.WriteText(path, html.Append("</main></body></html>\n").ToString());
    }

    private static string Why(ExplainedSample sample)
    {
        if (sample.Picture is { } picture)
        {
            var caption = $"{sample.Name}: score {Markup.Figure(sample.Explanation.Score)}";
            return Markup.Figure(Markup.Image(picture, caption), caption);
        }

        var (explanation, shown) = (sample.Explanation, sample.Explanation.Columns.Take(Columns).ToList());
        var rows = shown.Select(column => new[]
        {
            column.Column, column.Found is { } found ? ColumnContribution.Words(found) : "", column.Expected is { } expected ? ColumnContribution.Words(expected) : "",
            Markup.Figure(column.Contribution), (column.Contribution / Math.Max(explanation.Score, 1e-300)).ToString("0 %", CultureInfo.InvariantCulture),
        });
        return $"<h3>{Markup.Escape(sample.Name)}: score {Markup.Figure(explanation.Score)}</h3>{Table(["column", "found", "expected", "part of the score", "share"], rows)}";
    }

    // Share of samples that score at least as high, over the logarithm of the score: where the curves part, anomalies are.
    private static string Curves(DetectorReportContents contents)
    {
        var (normal, scored) = (Above(contents.HeldOut), Above(contents.Scores));
        if (normal.Count < 2 || scored.Count < 2)
        {
            return "";
        }

        var chart = new Chart("Share of samples that score at least as high", 300, normal.Concat(scored).Select(point => point.Score), [0, 1], "score, as a power of 10", "share of samples");
        chart.Line("validation", scored, "scored here").Line("training", normal, "");
        return Markup.Figure(chart.Svg(), "Solid: the samples scored here. Dashed: normal samples that were held out in training, from which the threshold is made. Where the solid line stays above the dashed one, more samples score high than normal ones do.");
    }

    private static List<(double Score, double Share)> Above(IReadOnlyList<double> scores)
    {
        var sorted = scores.Order().ToArray();
        return [.. Enumerable.Range(0, Math.Min(Points, sorted.Length)).Select(point => (int)((long)point * (sorted.Length - 1) / Math.Max(1, Math.Min(Points, sorted.Length) - 1)))
            .Select(place => (Math.Log10(Math.Max(sorted[place], 1e-6)), 1 - ((double)place / sorted.Length)))];
    }

    private static string Table(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows) =>
        $"<div class=\"scroll\"><table><tr>{string.Concat(columns.Select(column => $"<th>{Markup.Escape(column)}</th>"))}</tr>{string.Concat(rows.Select(row => $"<tr>{string.Concat(row.Select(cell => $"<td>{Markup.Escape(cell)}</td>"))}</tr>"))}</table></div>";
}

/// <summary>What a detector's page shows.</summary>
/// <param name="Title">Heading.</param>
/// <param name="Lead">What was found, in a sentence.</param>
/// <param name="HeldOut">Scores of held-out normal samples.</param>
/// <param name="Scores">Scores of the samples at hand; empty where these are the held-out ones.</param>
/// <param name="Tables">Figures beside rivals, by kind of anomaly, ...</param>
/// <param name="Highest">The samples with the highest scores, explained.</param>
public sealed record DetectorReportContents(string Title, string Lead, IReadOnlyList<double> HeldOut, IReadOnlyList<double> Scores, IReadOnlyList<DetectorReportTable> Tables, IReadOnlyList<ExplainedSample> Highest);

/// <summary>A table of a detector's page.</summary>
/// <param name="Title">Heading.</param>
/// <param name="Columns">Titles.</param>
/// <param name="Rows">Cells.</param>
/// <param name="Caption">How to read it.</param>
public sealed record DetectorReportTable(string Title, IReadOnlyList<string> Columns, IReadOnlyList<string[]> Rows, string Caption);

/// <summary>A sample with its explanation.</summary>
/// <param name="Name">Its identifier or number.</param>
/// <param name="Explanation">Why it scores as it does.</param>
public sealed record ExplainedSample(string Name, Explanation Explanation)
{
    /// <summary>Pictures only: a PNG file of the picture and of where its score comes from.</summary>
    public byte[]? Picture { get; init; }
}
