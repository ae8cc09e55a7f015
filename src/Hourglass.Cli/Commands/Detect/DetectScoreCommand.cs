using System.CommandLine;
using System.Globalization;
using Hourglass.Cli.Display;
using Hourglass.Cli.Options;
using Hourglass.Data;
using Hourglass.Detection;
using Hourglass.Detection.Calibration;
using Hourglass.Detection.Pictures;
using Hourglass.Tasks.AnomalyDetection;

namespace Hourglass.Cli.Commands.Detect;

/// <summary>hourglass detect score MODEL DATA.</summary>
internal static class DetectScoreCommand
{
    private const int Reasons = 3;

    public static Command Create(Screen screen)
    {
        var command = new Command("score", "Score samples, raise alarms and say why; higher is more anomalous.\n\nExamples:\n  hourglass detect score detector.hourglass new.csv --out scores.csv\n  hourglass detect score detector.hourglass new.csv --false-alarms 1/10000\n  hourglass detect score detector.hourglass new.csv --false-discoveries 1/10\n  hourglass detect score detector.hourglass films/ --heat-maps findings/");
        var (model, data, json, output) = (CommonOptions.Model(), CommonOptions.Data(), CommonOptions.Json(), CommonOptions.Out("scores.csv, .parquet, .npy or .npz (scores.csv)."));
        var use = new Option<string?>("--use") { Description = "Which rule of the file scores: autoencoder, reconstruction, pca, neighbours or isolation-forest." };
        var discoveries = new Option<string?>("--false-discoveries") { Description = "Alarms for the whole batch of which on average at most this share is false (Benjamini-Hochberg), instead of a threshold: 1/10." };
        var heatMaps = new Option<string?>("--heat-maps") { Description = $"Pictures: a folder for the {PictureFindings.Shown} strangest, each beside where its score comes from, as PNG files and a page." };
        var (thresholds, read) = (new ThresholdFlags(), new ReadFlags());
        command.Arguments.Add(model);
        command.Arguments.Add(data);
        command.Options.Add(output);
        thresholds.AddTo(command);
        foreach (var option in new Option[] { discoveries, heatMaps, use, json })
        {
            command.Options.Add(option);
        }

        read.AddTo(command);
        command.SetAction((parse, cancellationToken) =>
        {
            double? share = parse.GetValue(discoveries) is { } text ? RateText.Parse(text, "--false-discoveries") : null;
            using var loaded = DetectorBundle.Open(parse.GetRequiredValue(model));
            var detector = thresholds.Apply(parse, parse.GetValue(use) is { } rule ? loaded.Use(rule) : loaded);
            using var prepared = DetectData.Apply(screen, parse.GetRequiredValue(data), read.Read(parse), detector, cancellationToken);
            var path = parse.GetValue(output) ?? "scores.csv";
            PictureFindings.Require(prepared, parse.GetValue(heatMaps));
            if (prepared.Rows is not null)
            {
                SeriesScoreOutput.Run(screen, detector, prepared, share, path, parse.GetValue(json));
                return Task.FromResult(0);
            }

            Run(screen, detector, prepared, share, path, parse.GetValue(heatMaps), parse.GetValue(json));
            return Task.FromResult(0);
        });
        return command;
    }

    private static void Run(Screen screen, Detector detector, PreparedData data, double? falseDiscoveries, string path, string? heatMaps, bool asJson)
    {
        foreach (var note in data.Description.Notes)
        {
            screen.Error.WriteLine(note);
        }

        var (scores, drift) = (new List<double>(), detector.Drift());
        var progress = ReadingDisplay.OfScoring(screen, data.Samples.Count);
        SampleOutput.Write(path, data, ["score", "p value", .. detector.Basis.Explained.Select(column => $"part of {column.Name}"), .. ScoredPlace.Names(detector.Basis)], Rows(detector, data, scores, progress));
        progress.End();
        scores.ForEach(drift.Add);
        var threshold = detector.Calibration.Threshold();
        var cut = falseDiscoveries is { } share ? BenjaminiHochberg.Cut([.. scores.Select(detector.Calibration.PValue)], share) : (double?)null;
        bool IsAlarm(double score) => cut is { } most ? detector.Calibration.PValue(score) <= most : threshold.IsAlarm(score);
        var highest = Enumerable.Range(0, scores.Count).OrderByDescending(sample => scores[sample]).Take(PictureFindings.Shown).ToList();
        var page = heatMaps is null ? null : PictureFindings.Write(heatMaps, detector, data, highest, IsAlarm);
        var result = new DetectScoreResult(
            scores.Count, Path.GetFullPath(path), detector.Rule.Name, scores.Count(IsAlarm), ThresholdResult.Of(threshold), cut, DriftResult.Of(drift), page is null ? null : Path.GetFullPath(page), [.. highest.Take(ScoredColumn.Shown).Select(sample => Explained(detector, data, sample, IsAlarm))]);
        if (asJson)
        {
            screen.WriteJson(result);
            return;
        }

        Print(screen, result, path, falseDiscoveries);
        if (page is not null)
        {
            screen.Output.WriteLine($"Where the scores come from: {page}");
        }
    }

    private static void Print(Screen screen, DetectScoreResult result, string path, double? falseDiscoveries)
    {
        screen.WriteTable(["sample", "score", "p", "alarm", "why"], result.Highest.Select(entry => new[]
        {
            entry.Id ?? entry.Sample.ToString(CultureInfo.InvariantCulture), entry.Score.ToString("0.000", CultureInfo.InvariantCulture), entry.PValue.ToString("0.0#####", CultureInfo.InvariantCulture), entry.IsAlarm ? "alarm" : "", entry.Why,
        }));
        screen.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{result.Alarms:N0} alarms among {result.Samples:N0} samples; all scores: {path}"));
        screen.Output.WriteLine(falseDiscoveries is { } share ? $"Alarms for the batch as a whole: on average at most {RateText.Write(share)} of them are false (Benjamini-Hochberg)." : result.Threshold.Sentence);
        screen.Output.WriteLine(result.Drift.Sentence);
    }

    private static IEnumerable<float[]> Rows(Detector detector, PreparedData data, List<double> scores, IProgress<double> progress)
    {
        foreach (var values in SampleBlocks.Of(data.Samples, progress))
        {
            var found = detector.Find(values);
            for (var sample = 0; sample < found.Scores.Length; sample++)
            {
                scores.Add(found.Scores[sample]);
                yield return [(float)found.Scores[sample], (float)detector.Calibration.PValue(found.Scores[sample]), .. Parts(detector.Basis, found, sample)];
            }
        }
    }

    private static IEnumerable<float> Parts(DetectorBasis basis, Findings found, int sample)
    {
        var own = found.Contributions.AsMemory(sample * basis.SampleLength, basis.SampleLength);
        return [.. basis.Explained.Select(column => (float)column.Sum(own.Span)), .. ScoredPlace.Values(basis, found, sample)];
    }

    private static ScoredSample Explained(Detector detector, PreparedData data, int sample, Func<double, bool> isAlarm)
    {
        var values = new float[data.Samples.SampleLength];
        data.Samples.Read(sample, 1, values);
        var explanation = detector.Explain(values)[0];
        return new ScoredSample(
            sample, data.Identifiers?[sample], explanation.Score, detector.Calibration.PValue(explanation.Score), isAlarm(explanation.Score), explanation.Summary(Reasons), [.. explanation.Columns.Take(ScoredColumn.Shown).Select(ScoredColumn.Of)], explanation.Steps, explanation.Box);
    }

    private sealed record DetectScoreResult(
        int Samples, string Out, string Rule, int Alarms, ThresholdResult Threshold, double? BatchPValue, DriftResult Drift, string? HeatMaps, IReadOnlyList<ScoredSample> Highest);

    private sealed record ScoredSample(int Sample, string? Id, double Score, double PValue, bool IsAlarm, string Why, IReadOnlyList<ScoredColumn> Columns, StepSpan? Steps, PixelBox? Box);
}
