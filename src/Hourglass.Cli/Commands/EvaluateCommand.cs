using System.CommandLine;
using System.Globalization;
using Hourglass.Evaluation;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass evaluate MODEL DATA.</summary>
internal static class EvaluateCommand
{
    public static Command Create(Screen screen) => ModelOnData.Create(
        screen, "evaluate", "Measure a model on data, beside the PCA fitted when it was trained.\n\nExample:\n  hourglass evaluate model.hourglass test.csv --json", null, run =>
        {
            var (trained, data) = (run.Trained, run.Data);
            var errors = trained.Measure(data.Samples, data.Split.Training);
            var pca = trained.Pca ?? throw new HourglassException("This model was saved without PCA; train it again.");
            var comparison = PcaComparison.Of(errors.Squared, pca.SquaredErrors(data.Samples, data.Split.Training), pca.Count);
            var result = new EvaluateResult(
                data.Samples.Count, errors.Objective.Average(), comparison.SquaredError, new PcaResult(comparison.PcaSquaredError, comparison.Components), comparison.Verdict, comparison.Advice,
                new IntervalResult(comparison.Difference.Mean, comparison.Difference.Low, comparison.Difference.High));
            if (run.AsJson)
            {
                screen.WriteJson(result);
                return;
            }

            screen.WriteTable(
                [$"on {data.Samples.Count} samples", "per value"],
                [["objective", Number(result.Objective)], ["squared error, autoencoder", Number(result.SquaredError)], [$"squared error, PCA with {comparison.Components} components", Number(result.Pca.SquaredError)]]);
            screen.Output.WriteLine(result.Advice);
        });

    private static string Number(double value) => value.ToString("0.000000", CultureInfo.InvariantCulture);
}
