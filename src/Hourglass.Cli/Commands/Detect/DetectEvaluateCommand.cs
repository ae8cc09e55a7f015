using System.CommandLine;
using System.Globalization;
using Hourglass.Cli.Display;
using Hourglass.Cli.Options;
using Hourglass.Data;
using Hourglass.Reporting;
using Hourglass.Tasks.AnomalyDetection;

namespace Hourglass.Cli.Commands.Detect;

/// <summary>hourglass detect evaluate MODEL DATA --label COLUMN.</summary>
internal static class DetectEvaluateCommand
{
    private const int Highest = 10;
    private static readonly string[] RuleColumns = ["AUROC", "average precision", "precision at n", "false alarms", "recall", "F1"];
    private static readonly string[] KindColumns = ["kind", "samples", "AUROC", "recall"];

    public static Command Create(Screen screen)
    {
        var command = new Command("evaluate", "Measure a detector where labels exist, its rivals beside it.\n\nExamples:\n  hourglass detect evaluate detector.hourglass test.csv --label y\n  hourglass detect evaluate detector.hourglass traffic.csv --label attack --normal normal --json");
        var (model, data, json, read) = (CommonOptions.Model(), CommonOptions.Data(), CommonOptions.Json(), new ReadFlags());
        var use = new Option<string?>("--use") { Description = "Which rule of the file scores: autoencoder, reconstruction, pca, neighbours or isolation-forest; with convolutional members also features." };
        var normal = new Option<string[]>("--normal") { Description = "Labels that mean normal, separated by commas (0, normal, false, no, inlier, ok).", AllowMultipleArgumentsPerToken = true };
        var thresholds = new ThresholdFlags();
        var report = new Option<string?>("--report") { Description = "A page about it: figures, rivals, and why the highest scores are high (.html)." };
        command.Arguments.Add(model);
        command.Arguments.Add(data);
        command.Options.Add(normal);
        thresholds.AddTo(command);
        foreach (var option in new Option[] { use, report, json })
        {
            command.Options.Add(option);
        }

        read.AddTo(command);
        command.SetAction((parse, cancellationToken) =>
        {
            using var loaded = AnomalyDetector.Load(parse.GetRequiredValue(model));
            var detector = parse.GetValue(use) is { } rule ? loaded.Use(rule) : loaded;
            detector = thresholds.Rule(parse) is { } threshold ? detector.With(threshold) : detector;
            using var prepared = DetectData.Apply(screen, parse.GetRequiredValue(data), read.Read(parse), detector.Detector, cancellationToken);
            string[] words = [.. (parse.GetValue(normal) ?? []).SelectMany(words => words.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
            Run(screen, detector, prepared, words, parse.GetValue(report), parse.GetValue(json));
            return Task.FromResult(0);
        });
        return command;
    }

    private static void Run(Screen screen, AnomalyDetector detector, PreparedData prepared, string[] words, string? page, bool asJson)
    {
        var progress = ReadingDisplay.OfScoring(screen, prepared.Samples.Count);
        var figures = detector.Evaluate(prepared, words, progress);
        progress.End();
        var series = prepared.Rows is null ? null : SeriesEvaluateOutput.Of(SeriesDetection.Evaluate(detector.Detector, prepared, words));
        if (page is not null)
        {
            DetectorReport.Write(page, Page(detector, prepared, figures));
        }

        if (asJson)
        {
            screen.WriteJson(EvaluateResult.Of(figures) with { Series = series });
        }
        else
        {
            Print(screen, figures);
            if (series is not null)
            {
                SeriesEvaluateOutput.Print(screen, series);
            }
        }
    }

    private static void Print(Screen screen, DetectionFigures result)
    {
        screen.WriteTable([$"{result.Anomalies} anomalies among {result.Samples}", .. RuleColumns], RuleRows(result));
        if (result.Kinds.Count > 1)
        {
            screen.WriteTable(KindColumns, KindRows(result));
        }

        screen.Output.WriteLine(result.Promise);
        screen.Output.WriteLine(result.Drift.Sentence);
        if (result.Verdict != result.Rule)
        {
            screen.Output.WriteLine(Advice(result));
        }
    }

    private static string Advice(DetectionFigures result) => $"{result.Verdict} ranks these samples better. Score with --use {result.Verdict}.";

    private static IReadOnlyList<string[]> RuleRows(DetectionFigures result) =>
        [.. new[] { (Name: result.Rule, result.Figures) }.Concat(result.Rivals.Select(rival => (Name: rival.Key, Figures: rival.Value))).Select(entry => new[]
        {
            entry.Name, Number(entry.Figures.Auroc), Number(entry.Figures.AveragePrecision), Number(entry.Figures.PrecisionAtN), Number(entry.Figures.FalseAlarmRate), Number(entry.Figures.Recall), Number(entry.Figures.F1),
        })];

    private static IReadOnlyList<string[]> KindRows(DetectionFigures result) =>
        [.. result.Kinds.Select(kind => new[] { kind.Kind, kind.Samples.ToString(CultureInfo.InvariantCulture), Number(kind.Auroc), Number(kind.Recall) })];

    private static DetectorReportContents Page(AnomalyDetector detector, PreparedData data, DetectionFigures figures)
    {
        var scores = detector.Score(data.Samples);
        var highest = Enumerable.Range(0, scores.Length).OrderByDescending(sample => scores[sample]).Take(Highest).ToList();
        return new DetectorReportContents(
            $"Anomalies in {Path.GetFileName(data.Description.Source)}",
            $"{figures.Rule}: AUROC {Number(figures.Figures.Auroc)} over {figures.Samples} samples, {figures.Anomalies} of them anomalies. {figures.Promise} {figures.Drift.Sentence}{(figures.Verdict == figures.Rule ? "" : " " + Advice(figures))}",
            [.. detector.Detector.Rule.HeldOut.Values.Select(score => (double)score)], scores,
            [
                new("Beside rivals", ["rule", .. RuleColumns], RuleRows(figures), "Each rule with its own threshold at the same promise; empty where too few samples were held out for it."),
                .. figures.Kinds.Count > 1 ? [new DetectorReportTable("By kind", KindColumns, KindRows(figures), "AUROC of each kind against all normal samples; recall at the threshold.")] : Array.Empty<DetectorReportTable>(),
            ],
            HighestSamples.Explain([.. highest.Select(sample => new FoundSample(detector.Detector, data, sample))]));
    }

    private static string Number(double? value) => value?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "";

    // The rule in force stands at the top, as the rivals stand below.
    private sealed record EvaluateResult(
        string Rule, int Samples, int Anomalies, double Auroc, double AveragePrecision, double PrecisionAtN, double? Threshold, double? FalseAlarmRate, double? Recall, double? Precision, double? F1, double BestF1,
        string Promise, IReadOnlyList<KindFigures> Kinds, IReadOnlyDictionary<string, RuleFigures> Rivals, string Verdict, DriftResult Drift)
    {
        /// <summary>Series only: every rule row by row.</summary>
        public IReadOnlyDictionary<string, SeriesEvaluateOutput>? Series { get; init; }

        public static EvaluateResult Of(DetectionFigures all) => new(
            all.Rule, all.Samples, all.Anomalies, all.Figures.Auroc, all.Figures.AveragePrecision, all.Figures.PrecisionAtN, all.Figures.Threshold, all.Figures.FalseAlarmRate, all.Figures.Recall,
            all.Figures.Precision, all.Figures.F1, all.Figures.BestF1, all.Promise, all.Kinds, all.Rivals, all.Verdict, DriftResult.Of(all.Drift));
    }
}
