using System.CommandLine;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass encode MODEL DATA.</summary>
internal static class EncodeCommand
{
    public static Command Create(Screen screen) => ModelOnData.Create(
        screen, "encode", "The encoder alone: latents of each sample.\n\nExample:\n  hourglass encode model.hourglass data.csv --out latents.npy", "latents.csv, .parquet, .npy or .npz (latents.csv).", run =>
        {
            var (trained, path) = (run.Trained, run.Out ?? "latents.csv");
            SampleOutput.Write(
                path, run.Data, [.. Enumerable.Range(1, trained.LatentSize).Select(latent => $"latent {latent}")],
                run.Blocks().SelectMany(block => SampleOutput.Rows(trained.Encode(block.Values), trained.LatentSize)));
            var result = new WrittenResult(run.Data.Samples.Count, Path.GetFullPath(path), [trained.LatentSize]);
            if (run.AsJson)
            {
                screen.WriteJson(result);
            }
            else
            {
                screen.Output.WriteLine($"{result.Samples} samples, {trained.LatentSize} latents each: {path}");
            }
        });
}
