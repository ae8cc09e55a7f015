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
        return ModelOnData.Create(
            screen, "interpolate", "Decode points on the line between the latents of two samples.\n\nExample:\n  hourglass interpolate vae.hourglass glyphs --from 0 --to 3 --out line.png", "line.png, .csv, .parquet, .npy or .npz.", run =>
            {
                var (trained, count) = (run.Trained, run.Parse.GetValue(steps));
                if (count is < 2 or > 1000)
                {
                    throw new HourglassException($"--steps takes 2 to 1000, got {count}.");
                }

                var (first, last) = (Latent(run, run.Parse.GetValue(from)), Latent(run, run.Parse.GetValue(to)));
                var line = Enumerable.Range(0, count).SelectMany(step => first.Zip(last, (a, b) => a + ((b - a) * step / (count - 1)))).ToArray();
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
            from, to, steps);
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
