using System.CommandLine;
using System.Globalization;
using Hourglass.Cli.Display;
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
            var summary = new ScoreSummary(Shown);
            run.Write(path, ["score", .. blocks.Select(block => $"error of {block.Name}")], Figures(run, blocks, summary));
            if (run.Ranks.Rank > 0)
            {
                return;
            }

            var highest = summary.Highest.Select(entry => new ScoredSample(entry.Sample, entry.Score)).ToList();
            if (run.AsJson)
            {
                screen.WriteJson(new ScoreResult(summary.Count, Path.GetFullPath(path), summary.Mean, highest));
                return;
            }

            screen.WriteTable(["sample", "score"], highest.Select(entry => new[] { entry.Sample.ToString(CultureInfo.InvariantCulture), entry.Score.ToString("0.000000", CultureInfo.InvariantCulture) }));
            screen.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"The {highest.Count} highest of {summary.Count} scores (squared error per value, mean {summary.Mean:0.000000}): {path}"));
        }, takesStreams: true);

    private static IEnumerable<float[]> Figures(ModelOnData.ScoringRun run, IReadOnlyList<FeatureBlock> blocks, ScoreSummary summary)
    {
        var errors = new ReconstructionErrors(run.Model.Reconstructor, blocks);
        var measured = run.Stream is { } stream ? StreamedErrors.Of(stream, (KernelReconstructor)run.Model.Reconstructor, blocks) : run.Figures(errors.Width, (_, samples, own) => errors.Measure(samples, own));
        foreach (var figures in ReadingDisplay.OfScoring(run.Screen, run.Count).Passing(measured, run.Count * errors.Width))
        {
            for (var place = 0; place < figures.Length; place += errors.Width)
            {
                summary.Add(figures[place]);
            }

            yield return figures;
        }
    }

    private sealed record ScoreResult(long Samples, string Out, double MeanScore, IReadOnlyList<ScoredSample> Highest);

    private sealed record ScoredSample(long Sample, double Score);
}
