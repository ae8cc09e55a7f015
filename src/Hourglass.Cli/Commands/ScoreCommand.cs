using System.CommandLine;
using System.Globalization;
using Hourglass.Preprocessing;
using Hourglass.Scoring;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass score MODEL DATA.</summary>
internal static class ScoreCommand
{
    private const int MaximumFeatures = 2048;
    private const int Shown = 10;

    public static Command Create(Screen screen) => ModelOnData.CreateForScoring(
        screen, "score", "Reconstruction error of each sample and feature; higher is more anomalous.\n\nExample:\n  hourglass score model.hourglass new.csv --out scores.csv", "scores.csv, .parquet, .npy or .npz (scores.csv).", run =>
        {
            var (model, path) = (run.Model, run.Out ?? "scores.csv");
            IReadOnlyList<FeatureBlock> blocks = model.Preprocessing.Blocks is { Count: > 1 and <= MaximumFeatures } several ? several : [];
            var scores = new List<float>();
            run.Write(path, ["score", .. blocks.Select(block => $"error of {block.Name}")], Rows(run, blocks, scores));
            if (run.Ranks.Rank > 0)
            {
                return;
            }

            var highest = Enumerable.Range(0, scores.Count).OrderByDescending(sample => scores[sample]).Take(Shown).Select(sample => new ScoredSample(sample, scores[sample])).ToList();
            if (run.AsJson)
            {
                screen.WriteJson(new ScoreResult(scores.Count, Path.GetFullPath(path), scores.Average(), highest));
                return;
            }

            screen.WriteTable(["sample", "score"], highest.Select(entry => new[] { entry.Sample.ToString(CultureInfo.InvariantCulture), entry.Score.ToString("0.000000", CultureInfo.InvariantCulture) }));
            screen.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"The {highest.Count} highest of {scores.Count} scores (squared error per value, mean {scores.Average():0.000000}): {path}"));
        });

    private static IEnumerable<float[]> Rows(ModelOnData.ScoringRun run, IReadOnlyList<FeatureBlock> blocks, List<float> scores)
    {
        var errors = new ReconstructionErrors(run.Model.Reconstructor, blocks);
        foreach (var row in run.Rows(errors.Width, (samples, figures) => errors.Measure(samples, figures)))
        {
            scores.Add(row[0]);
            yield return row;
        }
    }

    private sealed record ScoreResult(int Samples, string Out, double MeanScore, IReadOnlyList<ScoredSample> Highest);

    private sealed record ScoredSample(int Sample, double Score);
}
