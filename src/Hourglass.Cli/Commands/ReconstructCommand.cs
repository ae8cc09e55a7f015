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
        return ModelOnData.Create(screen, "reconstruct", Description, "reconstructions.csv, .parquet, .npy, .npz, or .png: originals above reconstructions (reconstructions.csv).", run =>
        {
            var (trained, path) = (run.Trained, run.Out ?? "reconstructions.csv");
            var (length, isCorrupted) = (trained.Model.SampleLength, run.Parse.GetValue(corrupted));
            var samples = path.EndsWith(".png", StringComparison.OrdinalIgnoreCase)
                ? Pairs(run, isCorrupted)
                : run.Blocks().SelectMany(block => SampleOutput.Rows(isCorrupted ? trained.ReconstructCorrupted(block.Values, (int)block.Start).Reconstructions : trained.Reconstruct(block.Values), length));
            SampleOutput.Write(path, trained.Preprocessing, samples, PictureColumns);
            var result = new WrittenResult(run.Data.Samples.Count, Path.GetFullPath(path), trained.Preprocessing.SampleShape);
            if (run.AsJson)
            {
                screen.WriteJson(result);
            }
            else
            {
                screen.Output.WriteLine($"{result.Samples} samples: {path}");
            }
        }, corrupted);
    }

    // A row of originals, the row of what the encoder saw where that is less, then the row of what became of them.
    private static List<float[]> Pairs(ModelOnData.Run run, bool isCorrupted)
    {
        var length = run.Trained.Model.SampleLength;
        var originals = run.Blocks().SelectMany(block => SampleOutput.Rows(block.Values, length)).Take(PictureColumns * 6).ToList();
        var pairs = new List<float[]>();
        foreach (var row in originals.Chunk(PictureColumns).Where(row => row.Length == PictureColumns || originals.Count < PictureColumns))
        {
            pairs.AddRange(row);
            if (isCorrupted)
            {
                var (seen, made) = run.Trained.ReconstructCorrupted([.. row.SelectMany(sample => sample)], pairs.Count);
                pairs.AddRange([.. SampleOutput.Rows(seen, length), .. SampleOutput.Rows(made, length)]);
                continue;
            }

            pairs.AddRange(row.Select(sample => run.Trained.Reconstruct(sample)));
        }

        return pairs;
    }
}
