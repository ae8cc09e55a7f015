using System.CommandLine;
using System.Globalization;
using Hourglass.Evaluation;
using Hourglass.Tasks;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass distance MODEL DATA.</summary>
internal static class DistanceCommand
{
    private const int Balls = 2000; // precision and recall compare all pairs

    public static Command Create(Screen screen)
    {
        var classifier = new Option<string>("--classifier") { Description = "Made by 'hourglass classifier' on data of the same kind.", Required = true };
        var count = new Option<int>("--count") { Description = "Samples drawn and compared.", DefaultValueFactory = _ => 5000 };
        var density = new Option<string?>("--density") { Description = "What to draw from: prior, gaussian, full-covariance, mixture or autoregressive; chosen when left out." };
        var seed = Options.CommonOptions.Seed();
        return ModelOnData.Create(
            screen, "distance", "Measure how far a model's samples and reconstructions are from real data: Frechet distance, precision and recall in a classifier's features (not FID).\n\nExample:\n  hourglass distance vae.hourglass glyphs-test --classifier glyphs.classifier",
            null, run => Run(screen, run, run.Parse.GetRequiredValue(classifier), run.Parse.GetValue(count), run.Parse.GetValue(density), run.Parse.GetValue(seed)), classifier, count, density, seed);
    }

    private static void Run(Screen screen, ModelOnData.Run run, string classifierPath, int count, string? density, int seed)
    {
        if (count is < 100 or > 1_000_000)
        {
            throw new HourglassException($"--count takes 100 to 1000000, got {count}.");
        }

        using var classifier = FeatureClassifier.Load(classifierPath);
        if (!classifier.Input.Shape.SequenceEqual(run.Trained.Preprocessing.SampleShape))
        {
            throw new HourglassException($"{classifierPath}: takes samples of [{string.Join(", ", classifier.Input.Shape)}], the model makes [{string.Join(", ", run.Trained.Preprocessing.SampleShape)}].");
        }

        using var scope = TorchSharp.torch.NewDisposeScope();
        count = (int)Math.Min(count, run.Data.Samples.Count);
        var real = new float[count * run.Data.Samples.SampleLength];
        run.Data.Samples.Read(0, count, real);
        var (truth, drawn, again) = (classifier.FeaturesOf(real), classifier.FeaturesOf(run.Trained.Sample(count, seed, density)), classifier.FeaturesOf(run.Trained.Reconstruct(real)));
        var few = Math.Min(Balls, count);
        var (precision, recall) = SampleDistances.PrecisionRecall(truth.narrow(0, 0, few), drawn.narrow(0, 0, few));
        var result = new DistanceResult(count, SampleDistances.Frechet(truth, drawn), SampleDistances.Frechet(truth, again), precision, recall);
        if (run.AsJson)
        {
            screen.WriteJson(result);
            return;
        }

        screen.WriteTable(
            [$"{count} samples, features of {Path.GetFileName(classifierPath)}", ""],
            [["Frechet distance, drawn samples", Number(result.Frechet)], ["Frechet distance, reconstructions", Number(result.FrechetReconstructions)], ["precision: drawn samples near real ones", Number(precision)], ["recall: real samples near drawn ones", Number(recall)]]);
    }

    private static string Number(double value) => value.ToString("0.0000", CultureInfo.InvariantCulture);

    /// <summary>What distance prints with --json.</summary>
    /// <param name="Samples">Samples compared.</param>
    /// <param name="Frechet">Between real and drawn samples.</param>
    /// <param name="FrechetReconstructions">Between real samples and their reconstructions.</param>
    /// <param name="Precision">Share of drawn samples near real ones.</param>
    /// <param name="Recall">Share of real samples near drawn ones.</param>
    private sealed record DistanceResult(int Samples, double Frechet, double FrechetReconstructions, double Precision, double Recall);
}
