using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Hourglass.Data.Tabular;

/// <summary>Blocks of a CSV file of plain ASCII without quotes: cut at line ends, each read by itself.</summary>
internal sealed class CsvBlocks : TableBlocks
{
    private const int Size = 1 << 18; // bytes of a block: it and what becomes of it stay in a core's own cache
    private const int WideSize = 1 << 20; // of one with long lines
    private const int WideColumns = 256;
    private const int Slack = 1 << 12; // for the line that reaches beyond the block
    private const int MoreSlack = 1 << 16;
    private const int LongestLine = 1 << 20;
    private static ReadOnlySpan<byte> Mark => [0xEF, 0xBB, 0xBF]; // of UTF-8
    private readonly SafeFileHandle _file;
    private readonly long _length;
    private readonly CsvDialect _dialect;
    private readonly int _size;

    private CsvBlocks(SafeFileHandle file, CsvDialect dialect) => (_file, _length, _dialect, _size) = (file, RandomAccess.GetLength(file), dialect, dialect.Columns > WideColumns ? WideSize : Size);

    /// <inheritdoc/>
    public override int Count => (int)Math.Min((_length + _size - 1) / _size, int.MaxValue);

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="dialect">What separates fields.</param>
    public static CsvBlocks Open(string path, CsvDialect dialect) => new(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.SequentialScan), dialect);

    /// <inheritdoc/>
    public override TableBlock? Read(int number)
    {
        // A line belongs to the block in which it begins; one byte before tells whether a line begins right at the start.
        var start = Math.Max(((long)number * _size) - 1, 0);
        var end = Math.Min((number + 1L) * _size, _length);
        var wanted = (int)(Math.Min(end + Slack, _length) - start);
        var bytes = ArrayPool<byte>.Shared.Rent(wanted);
        var held = Fill(bytes, 0, start, wanted);
        var first = number == 0 ? (bytes.AsSpan(0, held).StartsWith(Mark) ? Mark.Length : 0) : bytes.AsSpan(0, held).IndexOf((byte)'\n') + 1;
        if (number > 0 && (first == 0 || start + first >= end) && held >= end - start)
        {
            ArrayPool<byte>.Shared.Return(bytes);
            return CsvBlock.Empty; // a line that begins before this block ends after it
        }

        var stop = LastLineEnd(ref bytes, ref held, start, end);
        return stop < 0 ? null : CsvBlock.Parse(bytes, first, stop, _dialect, skipsHeader: number == 0 && _dialect.HasHeader, isLent: true);
    }

    /// <inheritdoc/>
    public override void Dispose() => _file.Dispose();

    // Where the last line that begins in the block ends; more is read where it reaches beyond. Negative for a line without end.
    private int LastLineEnd(ref byte[] bytes, ref int held, long start, long end)
    {
        if (end == _length || held < end - start)
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

            if (held > _size + LongestLine)
            {
                return -1;
            }

            from = held;
            var more = ArrayPool<byte>.Shared.Rent(held + MoreSlack);
            bytes.AsSpan(0, held).CopyTo(more);
            ArrayPool<byte>.Shared.Return(bytes);
            bytes = more;
            held = Fill(bytes, held, start, (int)Math.Min(held + MoreSlack, _length - start));
        }
    }

    // Reads until so many bytes are held, or the file ends.
    private int Fill(byte[] bytes, int held, long start, int wanted)
    {
        while (held < wanted && RandomAccess.Read(_file, bytes.AsSpan(held, wanted - held), start + held) is var read and > 0)
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
