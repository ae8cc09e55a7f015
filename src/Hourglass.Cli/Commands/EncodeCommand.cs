using System.CommandLine;
using Hourglass.Scoring;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass encode MODEL DATA.</summary>
internal static class EncodeCommand
{
    public static Command Create(Screen screen) => ModelOnData.CreateForScoring(
        screen, "encode", "The encoder alone: latents of each sample.\n\nExample:\n  hourglass encode model.hourglass data.csv --out latents.npy", "latents.csv, .parquet, .npy or .npz (latents.csv).", run =>
        {
            var (model, path) = (run.Model.Reconstructor, run.Out ?? "latents.csv");
            SampleOutput.Write(
                path, run.Data, [.. Enumerable.Range(1, model.LatentSize).Select(latent => $"latent {latent}")],
                run.Blocks().SelectMany(block => SampleOutput.Rows(Latents(model, block.Values), model.LatentSize)));
            var result = new WrittenResult(run.Data.Samples.Count, Path.GetFullPath(path), [model.LatentSize]);
            if (run.AsJson)
            {
                screen.WriteJson(result);
            }
            else
            {
                screen.Output.WriteLine($"{result.Samples} samples, {model.LatentSize} latents each: {path}");
            }
        });

    private static float[] Latents(IReconstructor model, float[] samples)
    {
        var latents = new float[samples.Length / model.SampleLength * model.LatentSize];
        model.Encode(samples, latents);
        return latents;
    }
}
