using System.CommandLine;
using System.Globalization;
using Hourglass.Preprocessing;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass score MODEL DATA.</summary>
internal static class ScoreCommand
{
    private const int MaximumFeatures = 2048;
    private const int Shown = 10;

    public static Command Create(Screen screen) => ModelOnData.Create(
        screen, "score", "Reconstruction error of each sample and feature; higher is more anomalous.\n\nExample:\n  hourglass score model.hourglass new.csv --out scores.csv", "scores.csv, .parquet, .npy or .npz (scores.csv).", run =>
        {
            var (trained, path) = (run.Trained, run.Out ?? "scores.csv");
            IReadOnlyList<FeatureBlock> blocks = trained.Preprocessing.Blocks is { Count: > 1 and <= MaximumFeatures } several ? several : [];
            var scores = new List<float>();
            SampleOutput.Write(path, run.Data, ["score", .. blocks.Select(block => $"error of {block.Name}")], Rows(run, blocks, scores));
            var highest = Enumerable.Range(0, scores.Count).OrderByDescending(sample => scores[sample]).Take(Shown).Select(sample => new ScoredSample(sample, scores[sample])).ToList();
            if (run.AsJson)
            {
                screen.WriteJson(new ScoreResult(scores.Count, Path.GetFullPath(path), scores.Average(), highest));
                return;
            }

            screen.WriteTable(["sample", "score"], highest.Select(entry => new[] { entry.Sample.ToString(CultureInfo.InvariantCulture), entry.Score.ToString("0.000000", CultureInfo.InvariantCulture) }));
            screen.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"The {highest.Count} highest of {scores.Count} scores (squared error per value, mean {scores.Average():0.000000}): {path}"));
        });

    private static IEnumerable<float[]> Rows(ModelOnData.Run run, IReadOnlyList<FeatureBlock> blocks, List<float> scores)
    {
        var length = run.Trained.Model.SampleLength;
        foreach (var (_, values) in run.Blocks())
        {
            var again = run.Trained.Reconstruct(values);
            for (var start = 0; start < values.Length; start += length)
            {
                var errors = new double[length];
                for (var value = 0; value < length; value++)
                {
                    errors[value] = Math.Pow(values[start + value] - again[start + value], 2);
                }

                scores.Add((float)errors.Average());
                yield return [scores[^1], .. blocks.Select(block => (float)errors.AsSpan(block.Start, block.Length).ToArray().Sum())];
            }
        }
    }

    private sealed record ScoreResult(int Samples, string Out, double MeanScore, IReadOnlyList<ScoredSample> Highest);

    private sealed record ScoredSample(int Sample, double Score);
}
