using Hourglass.Data.Output;
using Hourglass.Preprocessing;

namespace Hourglass.Data.BuiltIn;

/// <summary>Writes a built-in set to a file.</summary>
public static class BuiltInExport
{
    private const int MaximumTiles = 620;

    /// <summary>Writes all samples; .csv and .parquet have the label as first column, .png shows the first.</summary>
    /// <param name="name">A built-in set.</param>
    /// <param name="path">.csv, .parquet, .npy, .npz or .png.</param>
    /// <returns>Samples written.</returns>
    /// <exception cref="HourglassException">No such set, or another ending.</exception>
    public static long Write(string name, string path)
    {
        if (BuiltInSets.OpenTable(name) is { } table)
        {
            using (table)
            {
                var count = 0L;
                ResultWriter.Write(path, new ResultTable
                {
                    Columns = table.Columns,
                    IsText = [.. table.Columns.Select(_ => true)],
                    Rows = table.Rows(null).Select(row =>
                    {
                        count++;
                        return row.Fields.Select(field => new Cell(double.NaN, field)).ToArray();
                    }),
                });
                return count;
            }
        }

        using var source = BuiltInSets.OpenArray(name) ?? throw new HourglassException($"There is no built-in set '{name}'. Sets: {string.Join(", ", BuiltInSets.Names)}.");
        ResultWriter.RequireKnown(path, pictures: true);
        if (path.EndsWith(".png", StringComparison.OrdinalIgnoreCase))
        {
            PictureGrid.Write(path, [.. Samples(source).Take(MaximumTiles).Select(sample => sample.Select(value => value / 255f).ToArray())], source.Shape, source.Labels?.Names.Count ?? 20);
            return Math.Min(source.Count, MaximumTiles);
        }

        var labels = source.Labels!;
        ResultWriter.Write(path, new ResultTable
        {
            Columns = ["label", .. new ImagePreprocessing { Shape = source.Shape }.OutputColumns.Select(column => column.Name)],
            IsText = [true, .. Enumerable.Repeat(false, source.SampleLength)],
            RowShape = source.Shape,
            Rows = Samples(source).Select((sample, index) => new[] { new Cell(double.NaN, labels.Names[labels.Codes[index]]) }.Concat(sample.Select(value => new Cell(value, null))).ToArray()),
        });
        return source.Count;
    }

    private static IEnumerable<byte[]> Samples(Arrays.ArraySource source)
    {
        for (var sample = 0L; sample < source.Count; sample++)
        {
            var bytes = new byte[source.SampleLength];
            source.Next(bytes, []);
            yield return bytes;
        }
    }
}
