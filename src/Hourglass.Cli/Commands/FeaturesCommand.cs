using System.CommandLine;
using System.Globalization;
using Hourglass.Data.Output;
using Hourglass.Preprocessing;
using Hourglass.Tasks;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass features MODEL DATA.</summary>
internal static class FeaturesCommand
{
    public static Command Create(Screen screen)
    {
        var top = new Option<int>("--top") { Description = "Samples shown for each latent.", DefaultValueFactory = _ => 8 };
        var count = new Option<int>("--count") { Description = "Latents shown: those that fire most strongly.", DefaultValueFactory = _ => 32 };
        return ModelOnData.Create(
            screen, "features", "Show the samples that fire each latent most.\n\nExamples:\n  hourglass features sparse.hourglass glyphs --out features.png\n  hourglass features sparse.hourglass rows.csv --out features.csv",
            "features.png (a row of pictures for each latent), .csv, .parquet.", run => Run(screen, run, run.Parse.GetValue(top), run.Parse.GetValue(count)), top, count);
    }

    private static void Run(Screen screen, ModelOnData.Run run, int top, int count)
    {
        if (top is < 1 or > 1000 || count is < 1 or > 100_000)
        {
            throw new HourglassException($"--top takes 1 to 1000 and --count 1 to 100000, got {top} and {count}.");
        }

        var features = FeatureTask.Run(run.Trained, run.Data.Samples, top);
        var shown = features.Take(count).ToList();
        var shape = run.Trained.Preprocessing.SampleShape;
        if (run.Out is { } path)
        {
            ResultWriter.RequireKnown(path, pictures: shape.Count == 3);
            if (path.EndsWith(".png", StringComparison.OrdinalIgnoreCase))
            {
                PictureGrid.Write(path, [.. shown.Where(feature => feature.Samples.Count > 0).SelectMany(feature => Enumerable.Range(0, top).Select(place => Sample(run, feature.Samples[Math.Min(place, feature.Samples.Count - 1)].Sample)))], shape, top);
            }
            else
            {
                ResultWriter.Write(path, Table(run, shown));
            }
        }

        var dead = features.Count(feature => feature.Density == 0);
        if (run.AsJson)
        {
            screen.WriteJson(new { latents = features.Count, dead, @out = run.Out is null ? null : Path.GetFullPath(run.Out), features = shown });
            return;
        }

        screen.WriteTable(["latent", "fires for", "mean value", "samples that fire it most"], shown.Select(feature => new[]
        {
            feature.Unit.ToString(CultureInfo.InvariantCulture), feature.Density.ToString("0.0 %", CultureInfo.InvariantCulture), feature.MeanValue.ToString("0.###", CultureInfo.InvariantCulture),
            string.Join(", ", feature.Samples.Select(sample => Name(run, sample.Sample))),
        }));
        screen.Output.WriteLine($"{features.Count} latents, {dead} never fire.{(run.Out is null ? "" : $" {run.Out}")}");
    }

    private static float[] Sample(ModelOnData.Run run, long number)
    {
        var values = new float[run.Data.Samples.SampleLength];
        run.Data.Samples.Read(number, 1, values);
        return values;
    }

    private static string Name(ModelOnData.Run run, long sample) => run.Data.Labels is { } labels && labels.Codes[sample] >= 0
        ? $"{sample} ({labels.Names[labels.Codes[sample]]})"
        : sample.ToString(CultureInfo.InvariantCulture);

    // A row for each latent and sample, with the sample in the user's own units.
    private static ResultTable Table(ModelOnData.Run run, IReadOnlyList<LatentFeature> features)
    {
        var columns = run.Trained.Preprocessing.OutputColumns;
        return new ResultTable
        {
            Columns = ["latent", "density", "rank", "sample", "value", .. columns.Select(column => column.Name)],
            IsText = [false, false, false, false, false, .. columns.Select(column => column.IsText)],
            Rows = features.SelectMany(feature => feature.Samples.Select((sample, rank) =>
            {
                var cells = new Cell[columns.Count];
                run.Trained.Preprocessing.Invert(Sample(run, sample.Sample), cells);
                return new[] { Number(feature.Unit), Number(feature.Density), Number(rank + 1), Number(sample.Sample), Number(sample.Value) }.Concat(cells).ToArray();
            })),
        };
    }

    private static Cell Number(double value) => new(value, null);
}
