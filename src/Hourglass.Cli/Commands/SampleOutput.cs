using Hourglass.Data;
using Hourglass.Data.Output;
using Hourglass.Preprocessing;

namespace Hourglass.Cli.Commands;

/// <summary>Writes results: samples in the user's own units, or named numbers.</summary>
internal static class SampleOutput
{
    private const int MaximumTiles = 400;

    /// <summary>Writes samples; .png draws pictures in a grid.</summary>
    public static void Write(string path, SamplePreprocessing preprocessing, IEnumerable<float[]> samples, int columns)
    {
        var shape = preprocessing.SampleShape;
        ResultWriter.RequireKnown(path, pictures: shape.Count == 3);
        if (path.EndsWith(".png", StringComparison.OrdinalIgnoreCase))
        {
            PictureGrid.Write(path, [.. samples.Take(MaximumTiles)], shape, columns);
            return;
        }

        ResultWriter.Write(path, new ResultTable
        {
            Columns = [.. preprocessing.OutputColumns.Select(column => column.Name)],
            IsText = [.. preprocessing.OutputColumns.Select(column => column.IsText)],
            RowShape = shape.Count == 3 ? shape : null,
            Rows = samples.Select(sample =>
            {
                var cells = new Cell[preprocessing.OutputColumns.Count];
                preprocessing.Invert(sample, cells);
                return cells;
            }),
        });
    }

    /// <summary>Writes numbers of prepared samples.</summary>
    public static void Write(string path, PreparedData data, IReadOnlyList<string> names, IEnumerable<float[]> blocks) => Write(path, data, data.Samples.Count, names, blocks);

    /// <summary>Writes numbers, after the identifier and the label of each sample where the source has them (not for .npy).</summary>
    /// <param name="path">Where they go.</param>
    /// <param name="data">The samples that they are about; null where nothing but their number is known.</param>
    /// <param name="count">Samples.</param>
    /// <param name="names">Names of the numbers.</param>
    /// <param name="blocks">[sample, number], any number of samples each.</param>
    public static void Write(string path, PreparedData? data, long count, IReadOnlyList<string> names, IEnumerable<float[]> blocks)
    {
        var texts = new List<TextColumn>();
        if (data?.Identifiers is { } identifiers)
        {
            texts.Add(new TextColumn("id", sample => identifiers[(int)sample]));
        }

        if (data?.Labels is { } labels)
        {
            texts.Add(new TextColumn("label", sample => labels.Codes[sample] >= 0 ? labels.Names[labels.Codes[sample]] : null));
        }

        ResultWriter.Write(path, new NumberTable { Columns = names, Texts = texts, Count = count, Blocks = blocks });
    }

    /// <summary>Cuts a block into rows.</summary>
    public static IEnumerable<float[]> Rows(float[] values, int length)
    {
        for (var start = 0; start < values.Length; start += length)
        {
            yield return values[start..(start + length)];
        }
    }
}
