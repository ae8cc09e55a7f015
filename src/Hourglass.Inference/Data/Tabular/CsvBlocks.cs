using Microsoft.Win32.SafeHandles;

namespace Hourglass.Data.Tabular;

/// <summary>Blocks of a CSV file of plain ASCII without quotes: cut at line ends, each read by itself.</summary>
internal sealed class CsvBlocks : TableBlocks
{
    private const int BlockSize = 1 << 20; // bytes; a block and what becomes of it stay in the caches
    private const int LongestLine = 1 << 20;
    private static ReadOnlySpan<byte> Mark => [0xEF, 0xBB, 0xBF]; // of UTF-8
    private readonly SafeFileHandle _file;
    private readonly long _length;
    private readonly CsvDialect _dialect;

    private CsvBlocks(SafeFileHandle file, CsvDialect dialect) => (_file, _length, _dialect) = (file, RandomAccess.GetLength(file), dialect);

    /// <inheritdoc/>
    public override int Count => (int)Math.Min((_length + BlockSize - 1) / BlockSize, int.MaxValue);

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="dialect">What separates fields.</param>
    public static CsvBlocks Open(string path, CsvDialect dialect) => new(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.SequentialScan), dialect);

    /// <inheritdoc/>
    public override TableBlock? Read(int number)
    {
        // A line belongs to the block in which it begins; one byte before tells whether a line begins right at the start.
        var start = Math.Max(((long)number * BlockSize) - 1, 0);
        var end = Math.Min((number + 1L) * BlockSize, _length);
        var bytes = GC.AllocateUninitializedArray<byte>((int)Math.Min(Math.Min(end + LongestLine, _length) - start, BlockSize + 4096));
        var held = Fill(bytes, 0, start);
        var first = number == 0 ? (bytes.AsSpan(0, held).StartsWith(Mark) ? Mark.Length : 0) : bytes.AsSpan(0, held).IndexOf((byte)'\n') + 1;
        if (number > 0 && (first == 0 || start + first >= end))
        {
            return first == 0 && held < _length - start ? null : CsvBlock.Empty; // a line that begins before this block ends after it
        }

        var stop = LastLineEnd(ref bytes, ref held, start, end);
        return stop < 0 ? null : CsvBlock.Parse(bytes, first, stop, _dialect, skipsHeader: number == 0 && _dialect.HasHeader);
    }

    /// <inheritdoc/>
    public override void Dispose() => _file.Dispose();

    // Where the last line that begins in the block ends; more is read where it reaches beyond. Negative for a line without end.
    private int LastLineEnd(ref byte[] bytes, ref int held, long start, long end)
    {
        if (end == _length)
        {
            return held == end - start ? held : -1;
        }

        var from = (int)(end - start) - 1; // the block's own last byte: where it is a line end, no line reaches beyond
        while (true)
        {
            if (bytes.AsSpan(from, held - from).IndexOf((byte)'\n') is var found and >= 0)
            {
                return from + found + 1;
            }

            if (start + held >= _length)
            {
                return held;
            }

            if (held > BlockSize + LongestLine)
            {
                return -1;
            }

            from = held;
            Array.Resize(ref bytes, (int)Math.Min(bytes.Length + (1 << 16), _length - start));
            held = Fill(bytes, held, start);
        }
    }

    private int Fill(byte[] bytes, int held, long start)
    {
        while (held < bytes.Length && RandomAccess.Read(_file, bytes.AsSpan(held), start + held) is var read and > 0)
        {
            held += read;
        }

        return held;
    }
}

/// <summary>What separates the fields of a file.</summary>
/// <param name="Delimiter">Between fields, ASCII.</param>
/// <param name="Decimal">Before decimals.</param>
/// <param name="Columns">Fields in a record.</param>
/// <param name="HasHeader">Whether the first record names the columns.</param>
internal sealed record CsvDialect(byte Delimiter, char Decimal, int Columns, bool HasHeader);
