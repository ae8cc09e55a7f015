using System.CommandLine;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass reconstruct MODEL DATA.</summary>
internal static class ReconstructCommand
{
    private const int PictureColumns = 16;

    private const string Description = """
        Encode and decode: samples as the model gives them back, in your own units.

        Examples:
          hourglass reconstruct model.hourglass data.csv --out again.csv
          hourglass reconstruct model.hourglass glyphs --out pairs.png
          hourglass reconstruct masked.hourglass glyphs --corrupted --out hidden.png
        """;

    public static Command Create(Screen screen)
    {
        var corrupted = new Option<bool>("--corrupted") { Description = "Reconstruct from what training showed the encoder: noise added, parts hidden; a picture then has a row of it." };
        return ModelOnData.CreateForScoring(screen, "reconstruct", Description, "reconstructions.csv, .parquet, .npy, .npz, or .png: originals above reconstructions (reconstructions.csv).", run =>
        {
            var (path, preprocessing) = (run.Out ?? "reconstructions.csv", run.Model.Preprocessing);
            using var trained = run.Parse.GetValue(corrupted) ? Trained(run) : null;
            if (path.EndsWith(".png", StringComparison.OrdinalIgnoreCase))
            {
                run.Write([], _ => SampleOutput.Write(path, preprocessing, Pairs(run, trained), PictureColumns)); // some dozens, which nobody need share
            }
            else
            {
                var length = run.Data.Samples.SampleLength;
                run.Write(run.Figures(length, (first, samples, again) => Reconstruct(run, trained, first, samples, again)), blocks => SampleOutput.Write(path, preprocessing, blocks.SelectMany(block => SampleOutput.Rows(block, length)), PictureColumns));
            }

            var result = new WrittenResult(run.Data.Samples.Count, Path.GetFullPath(path), preprocessing.SampleShape);
            if (run.AsJson)
            {
                run.Screen.WriteJson(result);
            }
            else
            {
                run.Screen.Output.WriteLine($"{result.Samples} samples: {path}");
            }
        }, takesStreams: false, corrupted);
    }

    // Corruption is part of training, so its engine makes it.
    private static TrainedAutoencoder Trained(ModelOnData.ScoringRun run)
    {
        var loaded = TrainedAutoencoder.Load(run.Model.Path);
        return run.UsesPca ? loaded.WithPca() : loaded;
    }

    private static void Reconstruct(ModelOnData.ScoringRun run, TrainedAutoencoder? corrupted, long first, float[] samples, float[] again) =>
        (samples.Length == 0 ? [] : corrupted?.ReconstructCorrupted(samples, (int)first).Reconstructions ?? Again(run, samples)).CopyTo(again, 0);

    private static float[] Again(ModelOnData.ScoringRun run, float[] samples)
    {
        var (model, again) = (run.Model.Reconstructor, new float[samples.Length]);
        model.Reconstruct(samples, new float[samples.Length / model.SampleLength * model.LatentSize], again);
        return again;
    }

    // A row of originals, the row of what the encoder saw where that is less, then the row of what became of them.
    private static List<float[]> Pairs(ModelOnData.ScoringRun run, TrainedAutoencoder? corrupted)
    {
        var length = run.Data.Samples.SampleLength;
        var originals = run.Blocks().SelectMany(block => SampleOutput.Rows(block.Values, length)).Take(PictureColumns * 6).ToList();
        var pairs = new List<float[]>();
        foreach (var row in originals.Chunk(PictureColumns).Where(row => row.Length == PictureColumns || originals.Count < PictureColumns))
        {
            pairs.AddRange(row);
            if (corrupted is not null)
            {
                var (seen, made) = corrupted.ReconstructCorrupted([.. row.SelectMany(sample => sample)], pairs.Count);
                pairs.AddRange([.. SampleOutput.Rows(seen, length), .. SampleOutput.Rows(made, length)]);
                continue;
            }

            pairs.AddRange(row.Select(sample => Again(run, sample)));
        }

        return pairs;
    }
}
