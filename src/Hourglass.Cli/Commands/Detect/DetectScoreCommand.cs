using System.CommandLine;
using System.Globalization;
using Hourglass.Cli.Options;
using Hourglass.Data;
using Hourglass.Detection;
using Hourglass.Tasks.AnomalyDetection;

namespace Hourglass.Cli.Commands.Detect;

/// <summary>hourglass detect score MODEL DATA.</summary>
internal static class DetectScoreCommand
{
    private const int Shown = 10;
    private const int Reasons = 3;

    public static Command Create(Screen screen)
    {
        var command = new Command("score", "Score samples and say why; higher is more anomalous.\n\nExample:\n  hourglass detect score detector.hourglass new.csv --out scores.csv");
        var (model, data, json, output) = (CommonOptions.Model(), CommonOptions.Data(), CommonOptions.Json(), CommonOptions.Out("scores.csv, .parquet, .npy or .npz (scores.csv)."));
        var (use, read) = (new Option<string?>("--use") { Description = "Which rule of the file scores: autoencoder, pca, neighbours or isolation-forest." }, new ReadFlags());
        command.Arguments.Add(model);
        command.Arguments.Add(data);
        foreach (var option in new Option[] { output, use, json })
        {
            command.Options.Add(option);
        }

        read.AddTo(command);
        command.SetAction((parse, cancellationToken) =>
        {
            using var loaded = AnomalyDetector.Load(parse.GetRequiredValue(model));
            var detector = parse.GetValue(use) is { } rule ? loaded.Use(rule) : loaded;
            using var prepared = DataFile.Apply(parse.GetRequiredValue(data), read.Read(parse), detector.Detector.Basis.Preprocessing, null, cancellationToken);
            Run(screen, detector, prepared, parse.GetValue(output) ?? "scores.csv", parse.GetValue(json));
            return Task.FromResult(0);
        });
        return command;
    }

    private static void Run(Screen screen, AnomalyDetector detector, PreparedData data, string path, bool asJson)
    {
        foreach (var note in data.Description.Notes)
        {
            screen.Error.WriteLine(note);
        }

        var columns = detector.Detector.Basis.Columns;
        var scores = new List<double>();
        SampleOutput.Write(path, data, ["score", .. columns.Select(column => $"part of {column.Name}")], Rows(detector, data, scores));
        var highest = Enumerable.Range(0, scores.Count).OrderByDescending(sample => scores[sample]).Take(Shown).ToList();
        var result = new DetectScoreResult(scores.Count, Path.GetFullPath(path), detector.Detector.Rule.Name, [.. highest.Select(sample => Explained(detector, data, sample))]);
        if (asJson)
        {
            screen.WriteJson(result);
            return;
        }

        screen.WriteTable(["sample", "score", "why"], result.Highest.Select(entry => new[] { entry.Sample.ToString(CultureInfo.InvariantCulture), entry.Score.ToString("0.000", CultureInfo.InvariantCulture), entry.Why }));
        screen.Output.WriteLine($"The {highest.Count} highest of {scores.Count} scores: {path}");
    }

    private static IEnumerable<float[]> Rows(AnomalyDetector detector, PreparedData data, List<double> scores)
    {
        const int Block = 512;
        for (var start = 0L; start < data.Samples.Count; start += Block)
        {
            var values = new float[(int)Math.Min(Block, data.Samples.Count - start) * data.Samples.SampleLength];
            data.Samples.Read(start, values.Length / data.Samples.SampleLength, values);
            var found = detector.Detector.Find(values);
            for (var sample = 0; sample < found.Scores.Length; sample++)
            {
                scores.Add(found.Scores[sample]);
                yield return [(float)found.Scores[sample], .. detector.Detector.Basis.Columns.Select(column =>
                    (float)System.Numerics.Tensors.TensorPrimitives.Sum<double>(found.Contributions.AsSpan((sample * data.Samples.SampleLength) + column.Start, column.Length)))];
            }
        }
    }

    private static ScoredSample Explained(AnomalyDetector detector, PreparedData data, int sample)
    {
        var values = new float[data.Samples.SampleLength];
        data.Samples.Read(sample, 1, values);
        var explanation = detector.Detector.Explain(values)[0];
        return new ScoredSample(sample, data.Identifiers?[sample], explanation.Score, explanation.Summary(Reasons), [.. explanation.Columns.Take(Shown).Select(Part)]);
    }

    private static ScoredColumn Part(ColumnContribution column) =>
        new(column.Column, column.Contribution, column.Found is { } found ? ColumnContribution.Words(found) : null, column.Expected is { } expected ? ColumnContribution.Words(expected) : null);

    private sealed record DetectScoreResult(int Samples, string Out, string Rule, IReadOnlyList<ScoredSample> Highest);

    private sealed record ScoredSample(int Sample, string? Id, double Score, string Why, IReadOnlyList<ScoredColumn> Columns);

    private sealed record ScoredColumn(string Column, double Contribution, string? Found, string? Expected);
}
