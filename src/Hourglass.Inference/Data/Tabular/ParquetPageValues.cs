using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using Snappier;

namespace Hourglass.Data.Tabular;

/// <summary>Values of pages that are decoded as a whole, and the dictionary that they refer to.</summary>
/// <param name="isSnappy">Whether pages are packed, where they do not say otherwise.</param>
/// <param name="isOptional">Whether values may be missing.</param>
/// <param name="largest">Bytes that a page may have once unpacked.</param>
internal sealed class ParquetPageValues<T>(bool isSnappy, bool isOptional, long largest)
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private const int Dictionary = 2; // kinds of pages
    private const int Data = 0;
    private const int DataSecond = 3;
    private T[]? _dictionary;

    /// <summary>Reads a page.</summary>
    /// <param name="header">What stands before it.</param>
    /// <param name="page">As it stands in the file.</param>
    /// <returns>Its values, not-a-number where one is missing; none of a dictionary, which is kept.</returns>
    /// <exception cref="InvalidDataException">It is written otherwise than is known here, or damaged.</exception>
    public T[] Read(ParquetPageHeader header, ReadOnlySpan<byte> page)
    {
        var levels = page[..(header.Type == DataSecond ? header.LevelBytes : 0)];
        page = page[levels.Length..];
        var (size, room) = (header.Size - levels.Length, (byte[]?)null);
        if (isSnappy && header.IsPacked && size > 0)
        {
            if (size > largest || Snappy.GetUncompressedLength(page) != size)
            {
                throw new InvalidDataException("A page of another size than its header says.");
            }

            room = ArrayPool<byte>.Shared.Rent(size);
            page = room.AsSpan(0, Snappy.Decompress(page, room));
        }

        var values = new T[header.Type == Dictionary ? 0 : header.Values];
        if (!Take(header, levels, page, values))
        {
            throw new InvalidDataException($"A page of kind {header.Type} and encoding {header.Encoding}.");
        }

        if (room is not null)
        {
            ArrayPool<byte>.Shared.Return(room);
        }

        return values;
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

        if (!isOptional || values.Length == 0 || ParquetRuns.IsOneRun(levels, values.Length, 1))
        {
            return Decode(header.Encoding, page, values);
        }

        var present = new int[values.Length];
        ParquetRuns.Read(levels, 1, present);
        var count = present.Sum();
        return Decode(header.Encoding, page, values[..count]) && Spread(values, present, count);
    }

    private bool Decode(int encoding, ReadOnlySpan<byte> page, Span<T> values)
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
