using System.CommandLine;
using Hourglass.Cli.Options;
using Hourglass.Data;
using Hourglass.Scoring;

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
            using var opened = ScoringModel.Open(parse.GetRequiredValue(model), parse.GetValue(use) == "pca", TrainedAutoencoder.Load);
            ModelOnData.WriteObstacle(screen, opened);
            var decoder = opened.Reconstructor;
            var values = LatentFile.Read(parse.GetRequiredValue(latents), decoder.LatentSize);
            var path = parse.GetValue(output) ?? "samples.csv";
            var count = values.Length / decoder.LatentSize;
            var samples = new float[count * decoder.SampleLength];
            decoder.Decode(values, samples);
            SampleOutput.Write(path, opened.Preprocessing, SampleOutput.Rows(samples, decoder.SampleLength), (int)Math.Ceiling(Math.Sqrt(count)));
            if (parse.GetValue(json))
            {
                screen.WriteJson(new WrittenResult(count, Path.GetFullPath(path), opened.Preprocessing.SampleShape));
            }
            else
            {
                screen.Output.WriteLine($"{count} samples: {path}");
            }
        });
        return command;
    }
}
