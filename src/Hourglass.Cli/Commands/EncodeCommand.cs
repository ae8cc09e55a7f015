using System.CommandLine;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass encode MODEL DATA.</summary>
internal static class EncodeCommand
{
    public static Command Create(Screen screen) => ModelOnData.CreateForScoring(
        screen, "encode", "The encoder alone: latents of each sample.\n\nExample:\n  hourglass encode model.hourglass data.csv --out latents.npy", "latents.csv, .parquet, .npy or .npz (latents.csv).", run =>
        {
            var (model, path) = (run.Model.Reconstructor, run.Out ?? "latents.csv");
            run.Write(path, [.. Enumerable.Range(1, model.LatentSize).Select(latent => $"latent {latent}")], run.Figures(model.LatentSize, (_, samples, latents) => model.Encode(samples, latents)));
            var result = new WrittenResult(run.Data.Samples.Count, Path.GetFullPath(path), [model.LatentSize]);
            if (run.AsJson)
            {
                run.Screen.WriteJson(result);
            }
            else
            {
                run.Screen.Output.WriteLine($"{result.Samples} samples, {model.LatentSize} latents each: {path}");
            }
        }, takesStreams: false);
}
