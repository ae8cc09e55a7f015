using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Text;
using Hourglass.Preprocessing;

namespace Hourglass.Data.Tabular;

/// <summary>Fields of some lines of a CSV file, found by comparing whole registers of bytes.</summary>
internal sealed class CsvBlock : TableBlock
{
    private const int BytesOfField = 8; // with what ends it, more or less
    private const int RowsAtOnce = 64; // whose text stays in the innermost cache from column to column
    private readonly bool _isLent;
    private byte[] _bytes;
    private readonly CsvDialect _dialect;
    private int[] _bounds = []; // start and end of each field, record after record
    private int _filled;
    private int _inRecord;
    private int _lineEndsAfterReturn;
    private bool _hasSpaces; // around a field, of which its bounds know nothing

    private CsvBlock(byte[] bytes, CsvDialect dialect, bool isLent) => (_bytes, _dialect, _isLent) = (bytes, dialect, isLent);

    /// <summary>A block in which no line begins.</summary>
    public static CsvBlock Empty { get; } = new([], new CsvDialect(0, '.', 1, false), isLent: false);

    /// <inheritdoc/>
    public override int Rows => _filled / (2 * _dialect.Columns);

    /// <summary>Splits whole lines.</summary>
    /// <param name="bytes">Where they lie.</param>
    /// <param name="first">First byte.</param>
    /// <param name="stop">After the last.</param>
    /// <param name="dialect">What separates fields.</param>
    /// <param name="skipsHeader">Whether the first record that is not blank is the header.</param>
    /// <param name="isLent">Whether the bytes go back to the shared pool once the block is released.</param>
    /// <returns>Null for quotes, bytes beyond ASCII, lone carriage returns and records of another length.</returns>
    public static CsvBlock? Parse(byte[] bytes, int first, int stop, CsvDialect dialect, bool skipsHeader, bool isLent = false)
    {
        var block = new CsvBlock(bytes, dialect, isLent);
        if (skipsHeader && (first = block.AfterHeader(first, stop)) < 0)
        {
            return null;
        }

        block._bounds = ArrayPool<int>.Shared.Rent(Math.Max(256, 2 * (stop - first) / BytesOfField));
        block._filled = PlainLines.Split(bytes, first, stop, dialect, ref block._bounds);
        if (block._filled >= 0)
        {
            return block;
        }

        block._filled = 0;
        return block.Split(first, stop) ? block : null;
    }

    /// <inheritdoc/>
    public override bool TryNumbers(int column, Span<double> numbers) => TryNumbers(column, 0, numbers);

    /// <inheritdoc/>
    public override bool[] AllNumbers(int columns, Span<double> numbers)
    {
        var are = new bool[columns];
        Array.Fill(are, true);
        for (var first = 0; first < Rows; first += RowsAtOnce)
        {
            for (var column = 0; column < columns; column++)
            {
                are[column] = are[column] && TryNumbers(column, first, numbers.Slice((column * Rows) + first, Math.Min(RowsAtOnce, Rows - first)));
            }
        }

        return are;
    }

    /// <inheritdoc/>
    public override bool TryScaled(int column, NumericTransform transform, Span<float> scaled)
    {
        var numbers = ArrayPool<double>.Shared.Rent(scaled.Length);
        var isDone = TryNumbers(column, numbers.AsSpan(0, scaled.Length)) && transform.TryForward<double>(numbers.AsSpan(0, scaled.Length), scaled);
        ArrayPool<double>.Shared.Return(numbers);
        return isDone;
    }

    /// <inheritdoc/>
    public override void Release()
    {
        var (bytes, bounds) = (_bytes, _bounds);
        (_bytes, _bounds, _filled) = ([], [], 0);
        if (_isLent)
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }

        if (bounds.Length > 0)
        {
            ArrayPool<int>.Shared.Return(bounds);
        }
    }

    /// <inheritdoc/>
    public override string? Text(int row, int column) => Field(row, column) is { Length: > 0 } field ? Encoding.ASCII.GetString(field) : null;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Field(int row, int column, Span<byte> room) => Field(row, column);

    /// <inheritdoc/>
    public override bool TryKeys(int row, int first, int last, out ReadOnlySpan<byte> keys, out byte delimiter)
    {
        var place = 2 * row * _dialect.Columns;
        delimiter = _dialect.Delimiter;
        keys = _hasSpaces ? default : _bytes.AsSpan(_bounds[place + (2 * first)].._bounds[place + (2 * last) + 1]);
        return !_hasSpaces;
    }

    /// <inheritdoc/>
    public override int LeadingZeros(int column)
    {
        var zeros = 0;
        for (var row = 0; row < Rows; row++)
        {
            zeros += Field(row, column) is [(byte)'0', >= (byte)'0' and <= (byte)'9', ..] ? 1 : 0;
        }

        return zeros;
    }

    private bool TryNumbers(int column, int first, Span<double> numbers)
    {
        var (mark, step) = ((byte)_dialect.Decimal, 2 * _dialect.Columns);
        for (var (row, place) = (0, (first * step) + (2 * column)); row < numbers.Length; row++, place += step)
        {
            if (!PlainNumber.TryParse(_bytes, _bounds[place], _bounds[place + 1], mark, out numbers[row])
                && !Numbers.TryParseField(_bytes.AsSpan(_bounds[place]..Math.Max(_bounds[place], _bounds[place + 1])), mark, out numbers[row]))
            {
                return false;
            }
        }

        return true;
    }

    private ReadOnlySpan<byte> Field(int row, int column)
    {
        var place = 2 * ((row * _dialect.Columns) + column);
        return _bytes.AsSpan(_bounds[place]..Math.Max(_bounds[place], _bounds[place + 1]));
    }

    // A header may hold quotes and letters beyond ASCII, but no line end within quotes.
    private int AfterHeader(int first, int stop)
    {
        while (first < stop)
        {
            var line = _bytes.AsSpan(first, stop - first);
            var length = line.IndexOf((byte)'\n') is var end and >= 0 ? end + 1 : line.Length;
            if (line[..length].Trim(" \t\r\n"u8).Length > 0)
            {
                return line[..length].Count((byte)'"') % 2 == 0 && line[..length].TrimEnd("\r\n"u8).IndexOf((byte)'\r') < 0 ? first + length : -1;
            }

            first += length;
        }

        return stop;
    }

    private bool Split(int first, int stop)
    {
        var (delimiter, lineEnd, quote, carriage) = (Vector256.Create(_dialect.Delimiter), Vector256.Create((byte)'\n'), Vector256.Create((byte)'"'), Vector256.Create((byte)'\r'));
        var (strange, start, place, carriages) = (Vector256<byte>.Zero, first, first, 0);
        for (; place + Vector256<byte>.Count <= stop; place += Vector256<byte>.Count)
        {
            var bytes = Vector256.LoadUnsafe(ref _bytes[place]);
            strange |= bytes | Vector256.Equals(bytes, quote); // the highest bit tells: beyond ASCII, or a quote
            carriages += BitOperations.PopCount(Vector256.Equals(bytes, carriage).ExtractMostSignificantBits());
            for (var ends = (Vector256.Equals(bytes, delimiter) | Vector256.Equals(bytes, lineEnd)).ExtractMostSignificantBits(); ends != 0; ends &= ends - 1)
            {
                var end = place + BitOperations.TrailingZeroCount(ends);
                if (!End(start, end, _bytes[end] == '\n'))
                {
                    return false;
                }

                start = end + 1;
            }
        }

        return strange.ExtractMostSignificantBits() == 0 && Rest(start, place, stop, carriages);
    }

    private bool Rest(int start, int place, int stop, int carriages)
    {
        for (; place < stop; place++)
        {
            var isEnd = _bytes[place] == '\n';
            carriages += _bytes[place] == '\r' ? 1 : 0;
            if (_bytes[place] is >= 0x80 or (byte)'"' || ((isEnd || _bytes[place] == _dialect.Delimiter) && !End(start, place, isEnd)))
            {
                return false;
            }

            start = isEnd || _bytes[place] == _dialect.Delimiter ? place + 1 : start;
        }

        return (start >= stop && _inRecord == 0 ? true : End(start, stop, isLine: true)) && carriages == _lineEndsAfterReturn;
    }

    // Takes the field before a delimiter or a line end.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool End(int start, int end, bool isLine)
    {
        if (_filled + 2 > _bounds.Length)
        {
            PlainLines.Grow(ref _bounds, _filled);
        }

        var last = end;
        while (last > start && _bytes[last - 1] is (byte)' ' or (>= 9 and <= 13))
        {
            var isReturn = last == end && isLine && _bytes[last - 1] == '\r';
            _lineEndsAfterReturn += isReturn ? 1 : 0;
            _hasSpaces |= !isReturn;
            last--;
        }

        while (start < last && _bytes[start] == ' ' && _dialect.Delimiter != ' ')
        {
            _hasSpaces = true;
            start++;
        }

        (_bounds[_filled], _bounds[_filled + 1]) = (start, last);
        _filled += 2;
        _inRecord++;
        if (!isLine)
        {
            return _inRecord < _dialect.Columns;
        }

        var isBlank = _inRecord == 1 && start == last;
        var isWhole = _inRecord == _dialect.Columns;
        _filled -= isBlank ? 2 : 0;
        _inRecord = 0;
        return isBlank || isWhole;
    }
}
