using System.Globalization;
using System.Text;
using Hourglass.Evaluation;
using Hourglass.Reporting.Plots;

namespace Hourglass.Reporting;

/// <summary>The sections below the first screen; each gives an empty text when it has nothing to show.</summary>
internal static class ReportSections
{
    private const int Colours = 10;

    public static string Picture(ReportPicture? picture) => picture is null ? "" : Markup.Figure(Markup.Image(picture.Png, picture.Caption), picture.Caption);

    public static string Curves(ReportContents contents)
    {
        var epochs = contents.History.Epochs;
        if (epochs.Count == 0)
        {
            return "";
        }

        var training = epochs.Select(epoch => ((double)epoch.Epoch, epoch.TrainingLoss)).ToList();
        var validation = epochs.Where(epoch => epoch.ValidationLoss is not null).Select(epoch => ((double)epoch.Epoch, epoch.ValidationLoss!.Value)).ToList();
        var chart = new Chart("Loss per epoch", 320, epochs.Select(epoch => (double)epoch.Epoch), training.Concat(validation).Select(point => point.Item2), "epoch", "loss per value")
            .Line("training", training).Line("validation", validation);
        foreach (var (epoch, loss) in validation.Where(point => (int)point.Item1 == contents.History.BestEpoch))
        {
            chart.Dot("validation", epoch, loss, $"best: epoch {epoch}, {Markup.Figure(loss)}", 5);
        }

        var notes = string.Concat(contents.History.Notes.Select(note => $"<p>{Markup.Escape(note)}</p>"));
        return Markup.Figure(chart.Svg(), $"Solid: held-out samples; the dot marks epoch {contents.History.BestEpoch}, whose weights were kept. Dashed: training samples, with dropout and noise where there are such. A gap that grows is overfitting.") + notes;
    }

    public static string Rows(ReportTable? table)
    {
        if (table is null)
        {
            return "";
        }

        var html = new StringBuilder("<div class=\"scroll\"><table><tr>").AppendJoin("", table.Columns.Select(column => $"<th>{Markup.Escape(column)}</th>")).Append("</tr>");
        foreach (var (original, reconstruction) in table.Pairs)
        {
            html.Append("<tr class=\"first\">").AppendJoin("", original.Select(cell => $"<td>{Markup.Escape(cell)}</td>")).Append("</tr><tr class=\"again\">");
            html.AppendJoin("", reconstruction.Select((cell, column) => $"<td{(IsOff(original[column], cell) ? " class=\"off\"" : "")}>{Markup.Escape(cell)}</td>")).Append("</tr>");
        }

        return html.Append("</table></div><p class=\"legend\">Held-out rows in your own units; below each, in colour, what the model made of it. Underlined: another category, or a number off by more than a tenth.</p>").ToString();
    }

    public static string FeatureErrors(ReportContents contents) => contents.FeatureErrors.Count < 2 ? ""
        : Markup.Figure(
            BarList.Svg(contents.FeatureErrors),
            $"Mean squared error of each feature, in model-input units: the autoencoder above PCA.{(contents.FeatureErrors.Count > 30 ? $" The 30 largest of {contents.FeatureErrors.Count}." : "")}");

    public static string Scores(ReportContents contents)
    {
        if (contents.Scores.Count < 2)
        {
            return "";
        }

        var sorted = contents.Scores.Order().ToArray();
        var high = sorted[(int)(0.99 * (sorted.Length - 1))];
        var bins = Histogram.Of(sorted.Where(score => score <= high), 40);
        var chart = new Chart("Histogram of scores", 280, [bins[0].From, bins[^1].To], [0.0, .. bins.Select(bin => (double)bin.Count)], "score: squared error per value", "samples", 0.02);
        foreach (var bin in bins)
        {
            chart.Bar("score", bin.From, bin.To, bin.Count, $"{Markup.Figure(bin.From)} to {Markup.Figure(bin.To)}: {bin.Count}");
        }

        return Markup.Figure(chart.Svg(), $"Higher is more anomalous. Median {Markup.Figure(sorted[sorted.Length / 2])}, 99 % of the samples below {Markup.Figure(high)} (shown), highest {Markup.Figure(sorted[^1])}.");
    }

    public static string Map(ReportContents contents)
    {
        if (contents.Map.Count < 2)
        {
            return "";
        }

        var groups = contents.Map.Where(point => point.Label is not null).GroupBy(point => point.Label!, StringComparer.Ordinal).OrderByDescending(group => group.Count()).ToList();
        var named = groups.Take(Colours).Select((group, colour) => (group.Key, colour)).ToDictionary(entry => entry.Key, entry => entry.colour, StringComparer.Ordinal);
        var chart = new Chart("Map of the latent space", 560, contents.Map.Select(point => point.X), contents.Map.Select(point => point.Y), "first direction", "second direction");
        foreach (var point in contents.Map)
        {
            chart.Dot($"k{(point.Label is null ? (groups.Count == 0 ? 0 : Colours) : named.GetValueOrDefault(point.Label, Colours))}", point.X, point.Y, point.Label ?? "", 2.6);
        }

        foreach (var group in groups.Count <= 20 ? groups : groups.Take(Colours))
        {
            chart.Text(Median(group.Select(point => point.X)), Median(group.Select(point => point.Y)), group.Key, "name middle", 5);
        }

        var legend = groups.Count == 0 ? "" : $"<p class=\"legend\">{string.Concat(named.Select(entry => $"<span><i class=\"k{entry.Value}\"></i>{Markup.Escape(entry.Key)}</span>"))}{(groups.Count > Colours ? $"<span><i class=\"k10\"></i>{groups.Count - Colours} more</span>" : "")}</p>";
        return Markup.Figure(chart.Svg(), "Each dot is a sample; its place is the latent's, seen from the two directions in which latents differ most (PCA of the latents). Names stand at the middle of their samples.") + legend;
    }

    public static string Facts(ReportContents contents) =>
        $"<div class=\"scroll\"><table>{string.Concat(contents.Facts.Select(fact => $"<tr><th>{Markup.Escape(fact.Name)}</th><td class=\"wrap\">{Markup.Escape(fact.Value)}</td></tr>"))}</table></div><p>The exact options:</p><pre>{Markup.Escape(contents.OptionsJson)}</pre>";

    private static double Median(IEnumerable<double> values) => values.Order().ToArray() is var sorted ? sorted[sorted.Length / 2] : 0;

    private static bool IsOff(string original, string again) =>
        double.TryParse(original, CultureInfo.InvariantCulture, out var before) && double.TryParse(again, CultureInfo.InvariantCulture, out var after)
            ? Math.Abs(before - after) > 0.1 * Math.Max(Math.Abs(before), 1e-9)
            : original != again;
}
