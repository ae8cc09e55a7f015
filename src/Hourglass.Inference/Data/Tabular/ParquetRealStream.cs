using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Parquet.Meta;

namespace Hourglass.Data.Tabular;

/// <summary>A column of single or double precision of a row group, value after value, in pieces that stay in the caches.</summary>
/// <remarks>As most programs write them: plain or by dictionary; unpacked or Snappy. What is damaged, or written otherwise, throws one of <see cref="IsFlaw"/>'s: then the general reader takes the column, or says what is wrong.</remarks>
internal sealed class ParquetRealStream<T> : IDisposable
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private const int Dictionary = 2; // kinds of pages
    private const int Data = 0;
    private const int HeaderBytes = 1 << 12;
    private const int LongestRun = 8; // bytes that say of all values of a page that they are there
    private const int MostBytes = 1 << 30;
    private const int Spare = 1 << 16; // bytes of a page beside its values
    private readonly bool _isSnappy;
    private readonly bool _isOptional;
    private readonly ParquetBytes _bytes;
    private readonly PagePieces _pieces;
    private readonly ParquetPageValues<T> _values;
    private T[] _decoded = []; // of a page that is not plain
    private int _rows; // of the group, that no page has given
    private int _left; // of the page, that nobody has taken
    private bool _isPlain;
    private long _pageEnd;

    private ParquetRealStream(SafeFileHandle file, ColumnMetaData column, bool isOptional, int rows)
    {
        var start = column.DictionaryPageOffset is { } dictionary and > 0 && dictionary < column.DataPageOffset ? dictionary : column.DataPageOffset;
        (_isSnappy, _isOptional, _rows) = (column.Codec == CompressionCodec.SNAPPY, isOptional, rows);
        _bytes = new ParquetBytes(file, start, start + column.TotalCompressedSize);
        _pieces = new PagePieces(_bytes);
        _values = new ParquetPageValues<T>(_isSnappy, isOptional, (2L * rows * sizeof(double)) + Spare);
    }

    /// <summary>Opens a column of a row group.</summary>
    /// <param name="file">The file.</param>
    /// <param name="column">Where it lies and how it is packed.</param>
    /// <param name="isOptional">Whether values may be missing.</param>
    /// <param name="rows">Rows of the group.</param>
    /// <returns>Null where it is not written as is known here.</returns>
    public static ParquetRealStream<T>? TryOpen(SafeFileHandle file, ColumnMetaData? column, bool isOptional, int rows) =>
        column is { Codec: CompressionCodec.UNCOMPRESSED or CompressionCodec.SNAPPY, TotalCompressedSize: > 0 and < MostBytes } && rows <= MostBytes / sizeof(double) && column.NumValues == rows
        && column.Type == (typeof(T) == typeof(float) ? Parquet.Meta.Type.FLOAT : Parquet.Meta.Type.DOUBLE)
            ? new ParquetRealStream<T>(file, column, isOptional, rows)
            : null;

    /// <summary>Whether a fault says that the bytes are not as they are known here.</summary>
    public static bool IsFlaw(Exception fault) => fault is ArgumentException or IndexOutOfRangeException or InvalidDataException or OverflowException or InvalidOperationException;

    /// <summary>The next values; not-a-number where one is missing.</summary>
    /// <param name="group">Given are so many or a multiple of it, but at a page's end; at most 48.</param>
    /// <param name="most">How many are wanted; no more than rows are left.</param>
    /// <returns>At least one, until the next call.</returns>
    public ReadOnlySpan<T> Next(int group, int most)
    {
        while (_left == 0)
        {
            Begin();
        }

        most = Math.Min(most, _left);
        if (!_isPlain)
        {
            var from = _decoded.Length - _left;
            _left -= most;
            return _decoded.AsSpan(from, most);
        }

        var size = Unsafe.SizeOf<T>();
        _pieces.Fill(Math.Min(group, most) * size, most * size);
        var values = MemoryMarshal.Cast<byte, T>(_pieces.Held);
        values = values[..(values.Length >= most ? most : values.Length / group * group)];
        if (values.IsEmpty)
        {
            throw new InvalidDataException("A page with fewer values than its header says.");
        }

        _pieces.Take(values.Length * size);
        if ((_left -= values.Length) == 0)
        {
            _bytes.MoveTo(_pageEnd);
        }

        return values;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _bytes.Dispose();
        _pieces.Dispose();
    }

    private void Begin()
    {
        _bytes.Hold(HeaderBytes);
        var header = ParquetPageHeader.Read(_bytes.Held);
        if (header.Type != Dictionary && header.Values > _rows)
        {
            throw new InvalidDataException("Pages with more values than rows.");
        }

        _bytes.Skip(header.Length);
        var start = _bytes.Position;
        _pageEnd = start + header.PackedSize;
        _rows -= header.Type == Dictionary ? 0 : header.Values;
        _isPlain = header.Type == Data && header.Encoding == 0 && header.Values > 0 && BeginPlain(header);
        if (!_isPlain)
        {
            _bytes.MoveTo(start);
            var packed = ArrayPool<byte>.Shared.Rent(header.PackedSize);
            _bytes.Take(packed.AsSpan(0, header.PackedSize));
            _decoded = _values.Read(header, packed.AsSpan(0, header.PackedSize));
            ArrayPool<byte>.Shared.Return(packed);
        }

        _left = header.Type == Dictionary ? 0 : header.Values;
    }

    // Whether the page is plain values and no more, none of them missing.
    private bool BeginPlain(ParquetPageHeader header)
    {
        _pieces.Begin(header.PackedSize, header.Size, _isSnappy && header.IsPacked);
        if (!_isOptional)
        {
            return true;
        }

        _pieces.Fill(sizeof(int), sizeof(int));
        var length = MemoryMarshal.Read<int>(_pieces.Held);
        if (length is <= 0 or > LongestRun)
        {
            return false;
        }

        _pieces.Fill(sizeof(int), sizeof(int) + length);
        if (!ParquetRuns.IsOneRun(_pieces.Held.Slice(sizeof(int), length), header.Values, 1))
        {
            return false;
        }

        _pieces.Take(sizeof(int) + length);
        return true;
    }
}
