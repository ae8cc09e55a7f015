using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Parquet.Meta;
using Snappier;

namespace Hourglass.Data.Tabular;

/// <summary>Columns of single or double precision as most programs write them (plain or by dictionary; unpacked or Snappy), decoded without the detours of a reader for everything.</summary>
internal static class ParquetReals
{
    private const int Dictionary = 2; // kinds of pages
    private const int Data = 0;
    private const int DataSecond = 3;
    private const int MostBytes = 1 << 30;
    private const int Spare = 1 << 16; // bytes of a page beside its values

    /// <summary>Reads a column of a row group.</summary>
    /// <param name="file">The file.</param>
    /// <param name="column">Where it lies and how it is packed.</param>
    /// <param name="isOptional">Whether values may be missing.</param>
    /// <param name="rows">Rows of the group.</param>
    /// <returns>The values, not-a-number where one is missing; null where anything is otherwise than it is known here: then the general reader takes it, or says what is wrong.</returns>
    public static RealValues<T>? TryRead<T>(SafeFileHandle file, ColumnMetaData? column, bool isOptional, int rows)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (column is not { Codec: CompressionCodec.UNCOMPRESSED or CompressionCodec.SNAPPY, TotalCompressedSize: > 0 and < MostBytes } || rows > MostBytes / sizeof(double) || column.NumValues != rows || column.Type != (typeof(T) == typeof(float) ? Parquet.Meta.Type.FLOAT : Parquet.Meta.Type.DOUBLE))
        {
            return null;
        }

        var start = column.DictionaryPageOffset is { } dictionary and > 0 && dictionary < column.DataPageOffset ? dictionary : column.DataPageOffset;
        var (bytes, length) = (ArrayPool<byte>.Shared.Rent((int)column.TotalCompressedSize), (int)column.TotalCompressedSize);
        RealValues<T>? values = null;
        try
        {
            values = RandomAccess.Read(file, bytes.AsSpan(0, length), start) == length ? new Pages<T>(column.Codec == CompressionCodec.SNAPPY, isOptional, (2L * rows * sizeof(double)) + Spare).Read(bytes, length, rows) : null;
            return values;
        }
        catch (Exception fault) when (fault is ArgumentException or IndexOutOfRangeException or InvalidDataException or OverflowException or InvalidOperationException)
        {
            return null;
        }
        finally
        {
            if (values?.Memory != bytes)
            {
                ArrayPool<byte>.Shared.Return(bytes);
            }
        }
    }

    private ref struct Pages<T>(bool isSnappy, bool isOptional, long largest)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        private T[]? _dictionary;

        public RealValues<T>? Read(byte[] chunk, int length, int rows)
        {
            var start = 0;
            byte[]? room = null;
            for (var row = 0; row < rows || room is null;)
            {
                var header = ParquetPageHeader.Read(chunk.AsSpan(start, length - start));
                var page = chunk.AsSpan(0, length).Slice(start + header.Length, header.PackedSize);
                if (header.Type != Dictionary && header.Values > rows - row)
                {
                    return null;
                }

                if (header.Type == Data && header.Values == rows && header.Encoding == 0 && Whole(header, chunk, start + header.Length, rows) is { } whole)
                {
                    return whole;
                }

                room ??= ArrayPool<byte>.Shared.Rent(rows * Unsafe.SizeOf<T>());
                if (!ReadPage(header, page, MemoryMarshal.Cast<byte, T>(room.AsSpan())[row..rows]))
                {
                    return null;
                }

                row += header.Type == Dictionary ? 0 : header.Values;
                start += header.Length + header.PackedSize;
            }

            return new RealValues<T>(room, 0, rows);
        }

        // A single page that is the column as it stands: its memory becomes the values'.
        private readonly RealValues<T>? Whole(ParquetPageHeader header, byte[] chunk, int start, int rows)
        {
            var memory = chunk;
            if (isSnappy && header.IsPacked)
            {
                var page = chunk.AsSpan(start, header.PackedSize);
                if (header.Size > largest || Snappy.GetUncompressedLength(page) != header.Size)
                {
                    return null;
                }

                memory = ArrayPool<byte>.Shared.Rent(header.Size);
                start = 0;
                Snappy.Decompress(page, memory);
            }

            var bytes = memory.AsSpan(start, header.Size);
            var levels = isOptional ? MemoryMarshal.Read<int>(bytes) : 0;
            var isWhole = !isOptional || ParquetRuns.IsOneRun(bytes.Slice(sizeof(int), levels), rows, 1);
            var skipped = isOptional ? sizeof(int) + levels : 0;
            if (isWhole && bytes.Length - skipped >= rows * Unsafe.SizeOf<T>())
            {
                return new RealValues<T>(memory, start + skipped, rows);
            }

            if (memory != chunk)
            {
                ArrayPool<byte>.Shared.Return(memory);
            }

            return null;
        }

        private bool ReadPage(ParquetPageHeader header, ReadOnlySpan<byte> page, Span<T> values)
        {
            var levels = page[..(header.Type == DataSecond ? header.LevelBytes : 0)];
            page = page[levels.Length..];
            var (size, room) = (header.Size - levels.Length, (byte[]?)null);
            if (isSnappy && header.IsPacked && size > 0)
            {
                if (size > largest || Snappy.GetUncompressedLength(page) != size)
                {
                    return false;
                }

                room = ArrayPool<byte>.Shared.Rent(size);
                page = room.AsSpan(0, Snappy.Decompress(page, room));
            }

            var isRead = Take(header, levels, page, values);
            if (room is not null)
            {
                ArrayPool<byte>.Shared.Return(room);
            }

            return isRead;
        }

        private bool Take(ParquetPageHeader header, ReadOnlySpan<byte> levels, ReadOnlySpan<byte> page, Span<T> values)
        {
            if (header.Type == Dictionary)
            {
                _dictionary = MemoryMarshal.Cast<byte, T>(page)[..header.Values].ToArray();
                return true;
            }

            if (header.Type is not (Data or DataSecond))
            {
                return false;
            }

            if (isOptional && header.Type == Data)
            {
                var length = MemoryMarshal.Read<int>(page);
                levels = page.Slice(sizeof(int), length);
                page = page[(sizeof(int) + length)..];
            }

            var own = values[..header.Values];
            if (!isOptional || own.Length == 0 || ParquetRuns.IsOneRun(levels, own.Length, 1))
            {
                return Decode(header.Encoding, page, own);
            }

            var present = new int[own.Length];
            ParquetRuns.Read(levels, 1, present);
            var count = present.Sum();
            return Decode(header.Encoding, page, own[..count]) && Spread(own, present, count);
        }

        private readonly bool Decode(int encoding, ReadOnlySpan<byte> page, Span<T> values)
        {
            if (encoding == 0)
            {
                MemoryMarshal.Cast<byte, T>(page)[..values.Length].CopyTo(values);
                return true;
            }

            if (encoding is not (2 or 8) || _dictionary is not { } dictionary)
            {
                return false;
            }

            var numbers = new int[values.Length];
            ParquetRuns.Read(values.Length == 0 ? [] : page[1..], values.Length == 0 ? 0 : page[0], numbers);
            for (var row = 0; row < numbers.Length; row++)
            {
                values[row] = dictionary[numbers[row]];
            }

            return true;
        }

        // From the end, so that nothing is overwritten before it is moved.
        private static bool Spread(Span<T> values, int[] present, int count)
        {
            for (var row = values.Length - 1; row >= 0; row--)
            {
                values[row] = present[row] == 1 ? values[--count] : T.NaN;
            }

            return true;
        }
    }
}
