using System.Globalization;
using Hourglass.Evaluation.Series;

namespace Hourglass.Cli.Commands.Detect;

/// <summary>Figures of one rule over the rows of a series, as 'detect evaluate' prints them.</summary>
/// <param name="Auroc">Over rows.</param>
/// <param name="AveragePrecision">Over rows.</param>
/// <param name="VusRoc">Volume under the surface, receiver operating characteristic.</param>
/// <param name="VusPr">The same, precision over recall.</param>
/// <param name="Point">Alarms row by row; null without a threshold.</param>
/// <param name="Range">Alarms run by run; null without a threshold.</param>
internal sealed record SeriesEvaluateOutput(double Auroc, double AveragePrecision, double VusRoc, double VusPr, AlarmFigures? Point, AlarmFigures? Range)
{
    public static IReadOnlyDictionary<string, SeriesEvaluateOutput> Of(IReadOnlyDictionary<string, SeriesFigures> rules) => rules.ToDictionary(
        pair => pair.Key,
        pair => new SeriesEvaluateOutput(
            pair.Value.Auroc, pair.Value.AveragePrecision, pair.Value.Volume.Roc, pair.Value.Volume.PrecisionRecall,
            pair.Value.Points is { } points ? new AlarmFigures(points.Precision, points.Recall, points.F1) : null,
            pair.Value.Ranges is { } ranges ? new AlarmFigures(ranges.Precision, ranges.Recall, ranges.F1) : null),
        StringComparer.Ordinal);

    public static void Print(Screen screen, IReadOnlyDictionary<string, SeriesEvaluateOutput> rules) => screen.WriteTable(
        ["row by row", "AUROC", "average precision", "VUS-PR", "VUS-ROC", "F1 of rows", "F1 of runs"],
        rules.Select(rule => new[]
        {
            rule.Key, Number(rule.Value.Auroc), Number(rule.Value.AveragePrecision), Number(rule.Value.VusPr), Number(rule.Value.VusRoc), Number(rule.Value.Point?.F1), Number(rule.Value.Range?.F1),
        }));

    private static string Number(double? value) => value?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "";
}

/// <summary>Alarms against labels.</summary>
/// <param name="Precision">Share of alarms that are right.</param>
/// <param name="Recall">Share of what should be found.</param>
/// <param name="F1">Harmonic mean of the two.</param>
internal sealed record AlarmFigures(double Precision, double Recall, double F1);
