using System.CommandLine;
using System.Globalization;
using Hourglass.Evaluation;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass evaluate MODEL DATA.</summary>
internal static class EvaluateCommand
{
    public static Command Create(Screen screen)
    {
        var draws = new Option<int?>("--importance-samples") { Description = "Variational models: estimate the log-likelihood with this many draws a sample." };
        var seed = Options.CommonOptions.Seed();
        return ModelOnData.Create(
            screen, "evaluate", "Measure a model on data, beside the PCA fitted when it was trained.\n\nExamples:\n  hourglass evaluate model.hourglass test.csv --json\n  hourglass evaluate vae.hourglass test.npy --importance-samples 200",
            null, run => Run(screen, run, run.Parse.GetValue(draws), run.Parse.GetValue(seed)), draws, seed);
    }

    private static void Run(Screen screen, ModelOnData.Run run, int? draws, int seed)
    {
        if (draws is < 1 or > 1_000_000)
        {
            throw new HourglassException($"--importance-samples takes 1 to 1000000, got {draws}.");
        }

        var (trained, data) = (run.Trained, run.Data);
        var errors = trained.Measure(data.Samples, data.Split.Training);
        var comparison = trained.Pca is { } pca ? PcaComparison.Of(errors.Squared, pca.SquaredErrors(data.Samples, data.Split.Training), pca.Count) : null;
        var likelihood = draws is { } count ? trained.LogLikelihoods(data.Samples, data.Split.Training, count, seed).Average() : (double?)null;
        var result = new EvaluateResult(
            data.Samples.Count, errors.Objective.Average(), errors.Squared.Average(), errors.Normalized.Average(),
            comparison is null ? null : new PcaResult(comparison.PcaSquaredError, comparison.Components), comparison?.Verdict, comparison?.Advice,
            comparison is null ? null : new IntervalResult(comparison.Difference.Mean, comparison.Difference.Low, comparison.Difference.High),
            trained.LatentFigures(data.Samples, data.Split.Training), -likelihood, draws);
        if (run.AsJson)
        {
            screen.WriteJson(result);
            return;
        }

        Print(screen, result);
    }

    private static void Print(Screen screen, EvaluateResult result)
    {
        List<string[]> rows = [["objective per value", Number(result.Objective)], ["squared error per value, autoencoder", Number(result.SquaredError)]];
        if (result.Pca is { } pca)
        {
            rows.Add([$"squared error per value, PCA with {pca.Components} components", Number(pca.SquaredError)]);
        }

        rows.Add(["normalised squared error of a sample", Number(result.NormalizedSquaredError)]);
        if (result.NegativeLogLikelihood is { } nats)
        {
            rows.Add([$"negative log-likelihood in nats, {result.ImportanceSamples} draws", Number(nats)]);
        }

        screen.WriteTable([$"on {result.Samples} samples", ""], rows);
        foreach (var line in new[] { Results.Latents(result.Latents), result.Advice }.OfType<string>())
        {
            screen.Output.WriteLine(line);
        }
    }

    private static string Number(double value) => value.ToString("0.000000", CultureInfo.InvariantCulture);
}
