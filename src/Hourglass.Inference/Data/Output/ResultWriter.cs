using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using Hourglass.Bundles;
using Parquet;
using Parquet.Schema;

namespace Hourglass.Data.Output;

/// <summary>Writes results as the file's name says: .csv, .parquet, .npy or .npz; under a temporary name, then renamed.</summary>
public static class ResultWriter
{
    private const int RowGroup = 100_000;

    /// <summary>Refuses names that no writer knows, before work is done.</summary>
    /// <param name="path">The output's name.</param>
    /// <param name="pictures">Whether .png is possible.</param>
    /// <exception cref="HourglassException">Unknown ending.</exception>
    public static void RequireKnown(string path, bool pictures)
    {
        string[] known = pictures ? [".csv", ".parquet", ".npy", ".npz", ".png"] : [".csv", ".parquet", ".npy", ".npz"];
        if (!known.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase))
        {
            throw new HourglassException($"--out {path}: the ending says what is written; known here: {string.Join(", ", known)}.");
        }
    }

    /// <summary>Writes a table.</summary>
    /// <param name="path">Where it goes.</param>
    /// <param name="table">What is written; .npy and .npz hold its numbers only.</param>
    /// <exception cref="HourglassException">Unknown ending, or a place that cannot be written.</exception>
    public static void Write(string path, ResultTable table)
    {
        RequireKnown(path, pictures: false);
        AtomicFile.Write(path, stream =>
        {
            switch (Path.GetExtension(path).ToLowerInvariant())
            {
                case ".csv": WriteCsv(stream, table); break;
                case ".parquet": WriteParquetAsync(stream, table).GetAwaiter().GetResult(); break;
                case ".npy": WriteNpy(stream, table); break;
                default: WriteNpz(stream, table); break;
            }
        });
    }

    /// <summary>Writes numbers as they come; .npy and .npz hold no texts.</summary>
    /// <param name="path">Where they go.</param>
    /// <param name="table">What is written.</param>
    /// <exception cref="HourglassException">Unknown ending, or a place that cannot be written.</exception>
    public static void Write(string path, NumberTable table)
    {
        RequireKnown(path, pictures: false);
        AtomicFile.Write(path, stream =>
        {
            switch (Path.GetExtension(path).ToLowerInvariant())
            {
                case ".csv": NumberWriter.WriteCsv(stream, table); break;
                case ".parquet": WriteParquetAsync(stream, Rows(table)).GetAwaiter().GetResult(); break;
                case ".npy": NumberWriter.WriteNpy(stream, table); break;
                default: NumberWriter.WriteNpz(stream, table); break;
            }
        });
    }

    private static ResultTable Rows(NumberTable table) => new()
    {
        Columns = [.. table.Texts.Select(text => text.Name), .. table.Columns],
        IsText = [.. table.Texts.Select(_ => true), .. table.Columns.Select(_ => false)],
        Rows = table.Blocks.SelectMany(block => block.Chunk(table.Columns.Count)).Select((row, number) => table.Texts.Select(text => new Preprocessing.Cell(double.NaN, text.Text(number))).Concat(row.Select(value => new Preprocessing.Cell(value, null))).ToArray()),
    };

    private static void WriteCsv(Stream stream, ResultTable table)
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), 1 << 16, leaveOpen: true) { NewLine = "\n" };
        writer.WriteLine(string.Join(',', table.Columns.Select(Quoted)));
        foreach (var row in table.Rows)
        {
            writer.WriteLine(string.Join(',', row.Select((cell, column) => table.IsText[column] ? Quoted(cell.Text ?? "") : Number(cell.Number))));
        }
    }

    // A single precision value is printed as such: 0.1, not 0.10000000149011612.
    private static string Number(double value) =>
        double.IsNaN(value) ? "" : value == (float)value ? ((float)value).ToString("R", CultureInfo.InvariantCulture) : value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>A text as a field.</summary>
    internal static string Quoted(string text) =>
        text.AsSpan().IndexOfAny(",\"\n\r") >= 0 || text.StartsWith(' ') || text.EndsWith(' ') ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;

    private static void WriteNpz(Stream stream, ResultTable table)
    {
        using var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        using var entry = zip.CreateEntry("X.npy", CompressionLevel.Fastest).Open();
        WriteNpy(entry, table);
    }

    private static void WriteNpy(Stream stream, ResultTable table)
    {
        var numbers = Enumerable.Range(0, table.Columns.Count).Where(column => !table.IsText[column]).ToArray();
        using var body = new MemoryStream();
        var (rows, values) = (0L, new float[numbers.Length]);
        foreach (var row in table.Rows)
        {
            for (var place = 0; place < numbers.Length; place++)
            {
                values[place] = (float)row[numbers[place]].Number;
            }

            body.Write(MemoryMarshal.AsBytes<float>(values));
            rows++;
        }

        long[] shape = table.RowShape is { } rowShape ? [rows, .. rowShape.Select(size => (long)size)] : [rows, numbers.Length];
        stream.Write(NumberWriter.NpyHeader(shape));
        body.Position = 0;
        body.CopyTo(stream);
    }

    private static async Task WriteParquetAsync(Stream stream, ResultTable table)
    {
        var fields = table.Columns.Select((name, column) => table.IsText[column] ? new DataField<string>(name) : (DataField)new DataField<double?>(name)).ToArray();
        await using var writer = await ParquetWriter.CreateAsync(new ParquetSchema(fields), stream);
        foreach (var rows in table.Rows.Chunk(RowGroup))
        {
            using var group = writer.CreateRowGroup();
            for (var column = 0; column < fields.Length; column++)
            {
                if (table.IsText[column])
                {
                    await group.WriteAsync(fields[column], rows.Select(row => row[column].Text!).ToArray());
                }
                else
                {
                    await group.WriteAsync<double>(fields[column], rows.Select(row => double.IsNaN(row[column].Number) ? (double?)null : row[column].Number).ToArray().AsMemory());
                }
            }
        }
    }
}
