using System.CommandLine;
using Hourglass.Cli.Options;
using Hourglass.Data;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass decode MODEL LATENTS.</summary>
internal static class DecodeCommand
{
    public static Command Create(Screen screen)
    {
        var command = new Command("decode", "The decoder alone: samples from latents, in your own units.\n\nExample:\n  hourglass decode model.hourglass latents.npy --out samples.csv");
        var (model, json, output) = (CommonOptions.Model(), CommonOptions.Json(), CommonOptions.Out("samples.csv, .parquet, .npy, .npz or .png (samples.csv)."));
        var latents = new Argument<string>("LATENTS") { Description = "Latents as 'encode' writes them: CSV, Parquet, .npy or .npz." };
        command.Arguments.Add(model);
        command.Arguments.Add(latents);
        command.Options.Add(output);
        var use = CommonOptions.Use();
        command.Options.Add(use);
        command.Options.Add(json);
        command.SetAction(parse =>
        {
            using var loaded = TrainedAutoencoder.Load(parse.GetRequiredValue(model));
            var trained = parse.GetValue(use) == "pca" ? loaded.WithPca() : loaded;
            var values = LatentFile.Read(parse.GetRequiredValue(latents), trained.LatentSize);
            var path = parse.GetValue(output) ?? "samples.csv";
            var count = values.Length / trained.LatentSize;
            SampleOutput.Write(path, trained.Preprocessing, SampleOutput.Rows(trained.Decode(values), trained.Model.SampleLength), (int)Math.Ceiling(Math.Sqrt(count)));
            if (parse.GetValue(json))
            {
                screen.WriteJson(new WrittenResult(count, Path.GetFullPath(path), trained.Preprocessing.SampleShape));
            }
            else
            {
                screen.Output.WriteLine($"{count} samples: {path}");
            }
        });
        return command;
    }
}
