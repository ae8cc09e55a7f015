using System.CommandLine;

namespace Hourglass.Cli.Commands;

/// <summary>hourglass reconstruct MODEL DATA.</summary>
internal static class ReconstructCommand
{
    private const int PictureColumns = 16;

    public static Command Create(Screen screen) => ModelOnData.Create(
        screen, "reconstruct", "Encode and decode: samples as the model gives them back, in your own units.\n\nExamples:\n  hourglass reconstruct model.hourglass data.csv --out again.csv\n  hourglass reconstruct model.hourglass glyphs --out pairs.png", "reconstructions.csv, .parquet, .npy, .npz, or .png: originals above reconstructions (reconstructions.csv).", run =>
        {
            var (trained, path) = (run.Trained, run.Out ?? "reconstructions.csv");
            var length = trained.Model.SampleLength;
            var samples = path.EndsWith(".png", StringComparison.OrdinalIgnoreCase)
                ? Pairs(run)
                : run.Blocks().SelectMany(block => SampleOutput.Rows(trained.Reconstruct(block.Values), length));
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
        });

    // A row of originals, then the row of what became of them.
    private static List<float[]> Pairs(ModelOnData.Run run)
    {
        var length = run.Trained.Model.SampleLength;
        var originals = run.Blocks().SelectMany(block => SampleOutput.Rows(block.Values, length)).Take(PictureColumns * 6).ToList();
        var pairs = new List<float[]>();
        foreach (var row in originals.Chunk(PictureColumns).Where(row => row.Length == PictureColumns || originals.Count < PictureColumns))
        {
            pairs.AddRange(row);
            pairs.AddRange(row.Select(sample => run.Trained.Reconstruct(sample)));
        }

        return pairs;
    }
}
