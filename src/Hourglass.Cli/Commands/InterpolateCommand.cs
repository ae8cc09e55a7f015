using System.CommandLine;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass interpolate MODEL DATA.</summary>
internal static class InterpolateCommand
{
    public static Command Create(Screen screen)
    {
        var from = new Option<long>("--from") { Description = "Number of the first sample, counted from 0.", DefaultValueFactory = _ => 0 };
        var to = new Option<long>("--to") { Description = "Number of the last sample.", DefaultValueFactory = _ => 1 };
        var steps = new Option<int>("--steps") { Description = "Samples from one to the other, both ends included.", DefaultValueFactory = _ => 10 };
        var along = Options.ReadFlags.Words("--path", "linear, or spherical: along the great circle, which suits latents of a normal prior.", "linear", "linear", "spherical");
        return ModelOnData.Create(
            screen, "interpolate", "Decode points on the line between the latents of two samples.\n\nExample:\n  hourglass interpolate vae.hourglass glyphs --from 0 --to 3 --out line.png", "line.png, .csv, .parquet, .npy or .npz.", run =>
            {
                var (trained, count) = (run.Trained, run.Parse.GetValue(steps));
                if (count is < 2 or > 1000)
                {
                    throw new HourglassException($"--steps takes 2 to 1000, got {count}.");
                }

                var (first, last) = (Latent(run, run.Parse.GetValue(from)), Latent(run, run.Parse.GetValue(to)));
                var isSpherical = run.Parse.GetValue(along) == "spherical";
                var line = Enumerable.Range(0, count).SelectMany(step => Between(first, last, step / (count - 1f), isSpherical)).ToArray();
                var path = run.Out ?? (trained.Preprocessing.SampleShape.Count == 3 ? "interpolation.png" : "interpolation.csv");
                SampleOutput.Write(path, trained.Preprocessing, SampleOutput.Rows(trained.Decode(line), trained.Model.SampleLength), count);
                if (run.AsJson)
                {
                    screen.WriteJson(new WrittenResult(count, Path.GetFullPath(path), trained.Preprocessing.SampleShape));
                }
                else
                {
                    screen.Output.WriteLine($"{count} samples: {path}");
                }
            },
            from, to, steps, along);
    }

    // Spherical: Shoemake 1985, as used for latents by White 2016, https://arxiv.org/abs/1609.04468.
    private static IEnumerable<float> Between(float[] first, float[] last, float share, bool isSpherical)
    {
        var (length1, length2) = (Math.Sqrt(first.Sum(value => (double)value * value)), Math.Sqrt(last.Sum(value => (double)value * value)));
        var cosine = length1 * length2 > 0 ? first.Zip(last, (a, b) => (double)a * b).Sum() / (length1 * length2) : 1;
        var angle = Math.Acos(Math.Clamp(cosine, -1, 1));
        var (before, after) = isSpherical && Math.Sin(angle) > 1e-6
            ? (Math.Sin((1 - share) * angle) / Math.Sin(angle), Math.Sin(share * angle) / Math.Sin(angle))
            : (1 - share, share);
        return first.Zip(last, (a, b) => (float)((a * before) + (b * after)));
    }

    private static float[] Latent(ModelOnData.Run run, long sample)
    {
        if (sample < 0 || sample >= run.Data.Samples.Count)
        {
            throw new HourglassException($"There is no sample {sample}: the data has {run.Data.Samples.Count}, counted from 0.");
        }

        var values = new float[run.Data.Samples.SampleLength];
        run.Data.Samples.Read(sample, 1, values);
        return run.Trained.Encode(values);
    }
}
