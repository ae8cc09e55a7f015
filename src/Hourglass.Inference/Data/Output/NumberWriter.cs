using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;

namespace Hourglass.Data.Output;

/// <summary>Writes numbers block by block: as bytes, or as text that all processors format.</summary>
internal static class NumberWriter
{
    private const int LongestNumber = 16; // of a float: -3.4028235E+38
    private const int SliceRows = 256; // that one thread formats

    /// <summary>The header of an .npy file of float32 values.</summary>
    public static byte[] NpyHeader(IEnumerable<long> shape)
    {
        var header = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({string.Join(", ", shape)}), }}";
        header = header.PadRight(((10 + header.Length + 64) / 64 * 64) - 11) + "\n"; // the format asks for a multiple of 64
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, (byte)(header.Length >> 8), .. Encoding.ASCII.GetBytes(header)];
    }

    public static void WriteNpy(Stream stream, NumberTable table)
    {
        stream.Write(NpyHeader([table.Count, table.Columns.Count]));
        foreach (var block in table.Blocks)
        {
            stream.Write(MemoryMarshal.AsBytes<float>(block));
        }
    }

    public static void WriteNpz(Stream stream, NumberTable table)
    {
        using var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        using var entry = zip.CreateEntry("X.npy", CompressionLevel.Fastest).Open();
        WriteNpy(entry, table);
    }

    public static void WriteCsv(Stream stream, NumberTable table)
    {
        stream.Write(Encoding.UTF8.GetBytes(string.Join(',', table.Texts.Select(text => text.Name).Concat(table.Columns).Select(ResultWriter.Quoted)) + "\n"));
        var first = 0L;
        foreach (var block in table.Blocks)
        {
            var rows = block.Length / table.Columns.Count;
            foreach (var slice in Ahead.InOrder(0, (rows + SliceRows - 1) / SliceRows, number => Format(table, block, first, number * SliceRows, Math.Min(rows, (number + 1) * SliceRows))))
            {
                stream.Write(slice.Span);
            }

            first += rows;
        }
    }

    private static ReadOnlyMemory<byte> Format(NumberTable table, float[] block, long firstRow, int first, int last)
    {
        var text = new byte[(last - first) * ((table.Columns.Count * (LongestNumber + 1)) + 1)];
        var length = 0;
        for (var row = first; row < last; row++)
        {
            foreach (var column in table.Texts)
            {
                var field = Encoding.UTF8.GetBytes(ResultWriter.Quoted(column.Text(firstRow + row) ?? "") + ",");
                Array.Resize(ref text, text.Length + field.Length);
                field.CopyTo(text, length);
                length += field.Length;
            }

            for (var column = 0; column < table.Columns.Count; column++)
            {
                var value = block[(row * table.Columns.Count) + column];
                if (!float.IsNaN(value))
                {
                    value.TryFormat(text.AsSpan(length), out var written, default, CultureInfo.InvariantCulture);
                    length += written;
                }

                text[length++] = (byte)',';
            }

            text[length - 1] = (byte)'\n';
        }

        return text.AsMemory(0, length);
    }
}
