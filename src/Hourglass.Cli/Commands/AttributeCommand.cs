using System.CommandLine;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass attribute MODEL DATA.</summary>
internal static class AttributeCommand
{
    public static Command Create(Screen screen)
    {
        var from = new Option<string>("--from") { Description = "Label at the direction's start.", Required = true };
        var to = new Option<string>("--to") { Description = "Label at its end.", Required = true };
        var count = new Option<int>("--count") { Description = "Samples of the first label that are moved.", DefaultValueFactory = _ => 8 };
        var steps = new Option<int>("--steps") { Description = "Steps along the direction, from 0 to all of it.", DefaultValueFactory = _ => 7 };
        return ModelOnData.Create(
            screen, "attribute", "Move samples along the direction between the mean latents of two labels (latent arithmetic).\n\nExample:\n  hourglass attribute vae.hourglass glyphs --from o --to O --out direction.png",
            "attribute.png, .csv, .parquet, .npy or .npz.", run => Run(screen, run, run.Parse.GetRequiredValue(from), run.Parse.GetRequiredValue(to), run.Parse.GetValue(count), run.Parse.GetValue(steps)), from, to, count, steps);
    }

    private static void Run(Screen screen, ModelOnData.Run run, string from, string to, int count, int steps)
    {
        if (count is < 1 or > 1000 || steps is < 2 or > 100)
        {
            throw new HourglassException($"--count takes 1 to 1000 and --steps 2 to 100, got {count} and {steps}.");
        }

        var (starts, ends) = (Latents(run, from), Latents(run, to));
        var direction = Mean(ends).Zip(Mean(starts), (end, start) => end - start).ToArray();
        var moved = starts.Take(count).SelectMany(latent => Enumerable.Range(0, steps).SelectMany(step => latent.Zip(direction, (value, change) => value + (change * step / (steps - 1))))).ToArray();
        var path = run.Out ?? (run.Trained.Preprocessing.SampleShape.Count == 3 ? "attribute.png" : "attribute.csv");
        SampleOutput.Write(path, run.Trained.Preprocessing, SampleOutput.Rows(run.Trained.Decode(moved), run.Trained.Model.SampleLength), steps);
        var written = Math.Min(count, starts.Count) * steps;
        if (run.AsJson)
        {
            screen.WriteJson(new WrittenResult(written, Path.GetFullPath(path), run.Trained.Preprocessing.SampleShape));
        }
        else
        {
            screen.Output.WriteLine($"{written} samples from '{from}' towards '{to}': {path}");
        }
    }

    private static List<float[]> Latents(ModelOnData.Run run, string label)
    {
        var labels = run.Data.Labels ?? throw new HourglassException("Attribute directions need labels; name their column with --label.");
        var code = labels.Names.ToList().IndexOf(label);
        if (code < 0)
        {
            throw new HourglassException($"The data has no label '{label}'. Labels: {string.Join(", ", labels.Names.Take(70))}.");
        }

        var latents = new List<float[]>();
        foreach (var (start, values) in run.Blocks())
        {
            var rows = SampleOutput.Rows(run.Trained.Encode(values), run.Trained.LatentSize).ToList();
            latents.AddRange(rows.Where((_, row) => labels.Codes[start + row] == code));
        }

        return latents;
    }

    private static float[] Mean(List<float[]> latents) => [.. Enumerable.Range(0, latents[0].Length).Select(place => latents.Average(latent => latent[place]))];
}
