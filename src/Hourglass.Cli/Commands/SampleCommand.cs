using System.CommandLine;
using Hourglass.Cli.Options;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass sample MODEL.</summary>
internal static class SampleCommand
{
    public static Command Create(Screen screen)
    {
        var command = new Command("sample", "Draw new samples: from the prior of a Gaussian bottleneck, else from the richest density fitted to the latents.\n\nExample:\n  hourglass sample vae.hourglass --count 64 --out grid.png");
        var (model, json, output, seed) = (CommonOptions.Model(), CommonOptions.Json(), CommonOptions.Out("grid.png, samples.csv, .parquet, .npy or .npz."), CommonOptions.Seed());
        var count = new Option<int>("--count") { Description = "How many.", DefaultValueFactory = _ => 64 };
        var density = new Option<string?>("--density") { Description = "What to draw from: prior, gaussian, full-covariance, mixture or autoregressive; chosen when left out." };
        var label = new Option<string?>("--label") { Description = "Conditional models: the class to draw." };
        command.Arguments.Add(model);
        foreach (var option in new Option[] { count, density, label, output, seed, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(parse =>
        {
            var wanted = parse.GetValue(count);
            if (wanted is < 1 or > 1_000_000)
            {
                throw new HourglassException($"--count takes 1 to 1000000, got {wanted}.");
            }

            using var trained = TrainedAutoencoder.Load(parse.GetRequiredValue(model));
            var path = parse.GetValue(output) ?? (trained.Preprocessing.SampleShape.Count == 3 ? "samples.png" : "samples.csv");
            SampleOutput.Write(path, trained.Preprocessing, SampleOutput.Rows(trained.Sample(wanted, parse.GetValue(seed), parse.GetValue(density), parse.GetValue(label)), trained.Model.SampleLength), (int)Math.Ceiling(Math.Sqrt(wanted)));
            if (parse.GetValue(json))
            {
                screen.WriteJson(new WrittenResult(wanted, Path.GetFullPath(path), trained.Preprocessing.SampleShape));
            }
            else
            {
                screen.Output.WriteLine($"{wanted} samples: {path}");
            }
        });
        return command;
    }
}
