using System.CommandLine;
using System.Runtime.InteropServices;
using Hourglass.Cli.Options;
using Hourglass.Data.Output;
using Hourglass.Evaluation;
using Hourglass.Reporting;
using static TorchSharp.torch;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass map MODEL DATA.</summary>
internal static class MapCommand
{
    public static Command Create(Screen screen)
    {
        var method = ReadFlags.Words("--method", "latents (the first two), pca or t-sne.", "t-sne", "latents", "pca", "t-sne");
        var count = new Option<int>("--count") { Description = "Samples shown, evenly spread over the data.", DefaultValueFactory = _ => 2000 };
        var perplexity = new Option<double>("--perplexity") { Description = "t-sne: effective number of neighbours.", DefaultValueFactory = _ => 30 };
        return ModelOnData.Create(
            screen, "map", "Draw the latent space in two dimensions.\n\nExamples:\n  hourglass map model.hourglass glyphs --out map.html\n  hourglass map model.hourglass rows.csv --label class --method pca --out map.png",
            "map.html (samples show under the pointer), .png, .csv, .npy.", run => Run(screen, run, run.Parse.GetValue(method)!, run.Parse.GetValue(count), run.Parse.GetValue(perplexity)), method, count, perplexity);
    }

    private static void Run(Screen screen, ModelOnData.Run run, string method, int count, double perplexity)
    {
        if (count is < 4 or > 100_000 || (method == "t-sne" && count > TSne.MaximumPoints) || !(perplexity >= 2 && perplexity <= 1000))
        {
            throw new HourglassException($"--count takes 4 to {(method == "t-sne" ? TSne.MaximumPoints : 100_000)} and --perplexity 2 to 1000, got {count} and {perplexity}.");
        }

        var path = run.Out ?? "map.html";
        if (!path.EndsWith(".html", StringComparison.OrdinalIgnoreCase))
        {
            ResultWriter.RequireKnown(path, pictures: true);
        }

        var step = Math.Max(1, run.Data.Samples.Count / count);
        var chosen = Enumerable.Range(0, (int)Math.Min(count, run.Data.Samples.Count)).Select(number => number * step).ToArray();
        var places = Places(run, chosen, method, perplexity);
        Write(run, path, chosen, places, method);
        if (run.AsJson)
        {
            screen.WriteJson(new WrittenResult(chosen.Length, Path.GetFullPath(path), [2]));
        }
        else
        {
            screen.Output.WriteLine($"{chosen.Length} samples mapped by {method}: {path}");
        }
    }

    private static (double X, double Y)[] Places(ModelOnData.Run run, long[] chosen, string method, double perplexity)
    {
        using var scope = NewDisposeScope();
        var latents = run.Trained.Latents(run.Data.Samples, chosen);
        var plane = method switch
        {
            "t-sne" => TSne.Map(latents, perplexity),
            "latents" when latents.shape[1] >= 2 => latents.narrow(1, 0, 2),
            _ => TSne.PlaneOf(latents),
        };
        var values = MemoryMarshal.Cast<byte, float>(plane.contiguous().bytes).ToArray();
        return [.. Enumerable.Range(0, chosen.Length).Select(point => ((double)values[2 * point], (double)values[(2 * point) + 1]))];
    }

    private static void Write(ModelOnData.Run run, string path, long[] chosen, (double X, double Y)[] places, string method)
    {
        var labels = run.Data.Labels;
        switch (Path.GetExtension(path).ToLowerInvariant())
        {
            case ".html":
                LatentMapPage.Write(path, $"Latent space of {Path.GetFileName(run.Data.Description.Source)}", [.. chosen.Select((sample, point) => new MapPoint(places[point].X, places[point].Y, sample, labels is { } names && names.Codes[sample] >= 0 ? names.Names[names.Codes[sample]] : null, Picture(run, sample)))], $"Places by {method} of {run.Trained.LatentSize} latents.");
                break;
            case ".png":
                ScatterPicture.Write(path, places, [.. chosen.Select(sample => labels?.Codes[sample] ?? -1)]);
                break;
            default:
                ResultWriter.Write(path, new ResultTable
                {
                    Columns = ["sample", "label", "x", "y"],
                    IsText = [false, true, false, false],
                    Rows = chosen.Select((sample, point) => new Preprocessing.Cell[] { new(sample, null), new(double.NaN, labels is { } names && names.Codes[sample] >= 0 ? names.Names[names.Codes[sample]] : null), new(places[point].X, null), new(places[point].Y, null) }),
                });
                break;
        }
    }

    private static byte[]? Picture(ModelOnData.Run run, long sample)
    {
        var shape = run.Trained.Preprocessing.SampleShape;
        if (shape.Count != 3)
        {
            return null;
        }

        var values = new float[run.Data.Samples.SampleLength];
        run.Data.Samples.Read(sample, 1, values);
        return PictureGrid.Png([values], shape, 1);
    }
}
