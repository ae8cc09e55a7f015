using System.Globalization;
using Hourglass.Data;
using Hourglass.Data.Output;
using Hourglass.Detection;
using Hourglass.Detection.Series;
using Hourglass.Preprocessing;
using Hourglass.Tasks.AnomalyDetection;

namespace Hourglass.Cli.Commands.Detect;

/// <summary>What 'detect score' prints and writes for series: a score for each row, and the spans of rows that are not normal.</summary>
internal static class SeriesScoreOutput
{
    private const int Shown = 20;
    private const int Reasons = 3;

    public static void Run(Screen screen, Detector detector, PreparedData data, double? falseDiscoveries, string path, bool asJson)
    {
        if (falseDiscoveries is not null)
        {
            throw new HourglassException("--false-discoveries needs samples that stand by themselves; windows of a series overlap. Give --false-alarms instead.");
        }

        var (steps, rows) = (SeriesDetection.Score(detector, data), data.Rows!);
        Write(path, rows, steps);
        var threshold = detector.Calibration.Threshold();
        var spans = threshold.Value is { } value ? steps.Spans(value) : [];
        var result = new SeriesScoreResult(rows.Count, Path.GetFullPath(path), detector.Rule.Name, ThresholdResult.Of(threshold), spans.Count, [.. spans.OrderByDescending(span => span.Peak).Take(Shown).Select(span => Scored(rows, span))]);
        foreach (var note in data.Description.Notes)
        {
            screen.Error.WriteLine(note);
        }

        if (asJson)
        {
            screen.WriteJson(result);
            return;
        }

        screen.Error.WriteLine(threshold.Sentence);
        screen.WriteTable(["rows", "from", "to", "peak", "why"], result.Highest.Select(span => new[]
        {
            string.Create(CultureInfo.InvariantCulture, $"{span.First} to {span.Last}"), span.From ?? "", span.To ?? "", span.Peak.ToString("0.000", CultureInfo.InvariantCulture), span.Why,
        }));
        screen.Output.WriteLine($"{spans.Count} spans of {rows.Count} rows are not normal; a score for each row: {path}");
    }

    private static ScoredSpan Scored(SeriesRows rows, AnomalySpan span) =>
        new(span.First, span.Last, rows.NameOf(span.First), rows.NameOf(span.Last), span.Peak, span.Summary(Reasons), [.. span.Channels.Take(Shown)]);

    private static void Write(string path, SeriesRows rows, StepScores steps) => ResultWriter.Write(path, new ResultTable
    {
        Columns = ["row", "label", "score", .. steps.Channels.Select(channel => $"part of {channel}")],
        IsText = [true, true, false, .. steps.Channels.Select(_ => false)],
        Rows = Enumerable.Range(0, rows.Count).Select(row => (Cell[])
        [
            new(double.NaN, rows.NameOf(row) ?? row.ToString(CultureInfo.InvariantCulture)),
            new(double.NaN, rows.Labels is { } labels && labels.Codes[row] >= 0 ? labels.Names[labels.Codes[row]] : null),
            new(steps.Scores[row], null),
            .. Enumerable.Range(0, steps.Channels.Count).Select(channel => new Cell(steps.Contributions[(row * steps.Channels.Count) + channel], null)),
        ]),
    });

    private sealed record SeriesScoreResult(int Rows, string Out, string Rule, ThresholdResult Threshold, int Spans, IReadOnlyList<ScoredSpan> Highest);

    private sealed record ScoredSpan(int First, int Last, string? From, string? To, double Peak, string Why, IReadOnlyList<ChannelContribution> Channels);
}
