using CsCheck;
using Hourglass.Data.Output;
using Hourglass.Preprocessing;

namespace Hourglass.Tests.Data;

/// <summary>Numbers written block by block are, byte for byte, what the table of cells gives that they replace.</summary>
public sealed class NumberWriterTests : IDisposable
{
    private static readonly string?[] Words = ["a", "", null, "with, comma", "with \"quotes\"", " space", "two\nlines", "\u00e9"];

    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(".csv", true)]
    [InlineData(".npy", false)]
    [InlineData(".npz", false)]
    public void Blocks_give_the_bytes_of_cells(string ending, bool hasTexts) => Gen.Select(
        Gen.OneOf(Gen.Float, Gen.Float[-1, 1], Gen.Int[-5, 5].Select(value => (float)value), Gen.Const(float.NaN)).Array[0, 1500], Gen.Int[1, 4], Gen.Int[1, 400]).Sample(
        (values, columns, blockRows) =>
        {
            var rows = values.Length / columns;
            string[] names = [.. Enumerable.Range(0, columns).Select(column => column == 0 ? "the \"first\"" : $"c{column}")];
            ResultWriter.Write(Path.Combine(_folder, "blocks" + ending), new NumberTable
            {
                Columns = names,
                Texts = hasTexts ? [new TextColumn("name", row => Words[row % Words.Length])] : [],
                Count = rows,
                Blocks = values[..(rows * columns)].Chunk(columns * blockRows),
            });
            ResultWriter.Write(Path.Combine(_folder, "cells" + ending), new ResultTable
            {
                Columns = hasTexts ? ["name", .. names] : names,
                IsText = [.. hasTexts ? new[] { true } : [], .. names.Select(_ => false)],
                Rows = Enumerable.Range(0, rows).Select(row => (Cell[])[.. hasTexts ? new[] { new Cell(double.NaN, Words[row % Words.Length]) } : [], .. values.AsSpan(row * columns, columns).ToArray().Select(value => new Cell(value, null))]),
            });
            Assert.Equal(Contents("cells" + ending), Contents("blocks" + ending));
        },
        iter: 40, threads: 1);

    // Of a zip, its one entry: the archive itself holds the time.
    private byte[] Contents(string name)
    {
        var path = Path.Combine(_folder, name);
        if (!name.EndsWith(".npz", StringComparison.Ordinal))
        {
            return File.ReadAllBytes(path);
        }

        using var zip = System.IO.Compression.ZipFile.OpenRead(path);
        using var stream = zip.Entries.Single().Open();
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }
}
