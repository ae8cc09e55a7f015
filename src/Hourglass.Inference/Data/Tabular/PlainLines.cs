using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Hourglass.Data.Tabular;

/// <summary>Lines of ASCII without spaces and quotes, whose fields all are whole: the ends of 64 bytes' fields are found at once, and nothing around a field is looked at.</summary>
internal static class PlainLines
{
    private const int Width = 64; // bytes of a register, and the bits that tell of them

    /// <summary>Finds the fields.</summary>
    /// <param name="bytes">Where the lines lie.</param>
    /// <param name="first">First byte.</param>
    /// <param name="stop">After the last.</param>
    /// <param name="dialect">What separates fields.</param>
    /// <param name="bounds">Receives start and end of each field, record after record; lent by the shared pool, and exchanged where more are found.</param>
    /// <returns>How many bounds; negative for lines of another kind.</returns>
    public static int Split(byte[] bytes, int first, int stop, CsvDialect dialect, ref int[] bounds)
    {
        var (delimiter, strange) = (Vector512.Create(dialect.Delimiter), Vector512<byte>.Zero);
        var (start, filled, lines, returns, carried) = (first, 0, 0, 0, 0UL);
        for (var place = first; place < stop; place += Width)
        {
            var text = place + Width <= bytes.Length ? Vector512.LoadUnsafe(ref bytes[place]) : Rest(bytes, place);
            var isText = stop - place >= Width ? ulong.MaxValue : (1UL << (stop - place)) - 1;
            var lineEnds = Vector512.Equals(text, Vector512.Create((byte)'\n')).ExtractMostSignificantBits() & isText;
            var ends = lineEnds | (Vector512.Equals(text, delimiter).ExtractMostSignificantBits() & isText);
            var carriages = Vector512.Equals(text, Vector512.Create((byte)'\r')).ExtractMostSignificantBits() & isText;
            var others = (Vector512.LessThanOrEqual(text, Vector512.Create((byte)' ')) | Vector512.Equals(text, Vector512.Create((byte)'"')) | Vector512.GreaterThanOrEqual(text, Vector512.Create((byte)0x80))).ExtractMostSignificantBits() & isText & ~(ends | carriages);
            if (others != 0 || (((carriages << 1) | carried) & ~lineEnds) != 0)
            {
                return -1;
            }

            (carried, lines, returns) = (carriages >> (Width - 1), lines + BitOperations.PopCount(lineEnds), returns + BitOperations.PopCount(carriages));
            if (filled + (2 * Width) + 2 > bounds.Length)
            {
                Grow(ref bounds, filled);
            }

            ref var next = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(bounds), filled);
            filled += 2 * BitOperations.PopCount(ends);
            for (; ends != 0; ends &= ends - 1, next = ref Unsafe.Add(ref next, 2))
            {
                var end = place + BitOperations.TrailingZeroCount(ends);
                (next, Unsafe.Add(ref next, 1)) = (start, end);
                start = end + 1;
            }
        }

        var isOpen = start < stop || filled % (2 * dialect.Columns) != 0; // nothing ends the last line
        if (isOpen)
        {
            (bounds[filled], bounds[filled + 1]) = (start, stop);
            filled += 2;
        }

        return carried == 0 && filled == 2 * dialect.Columns * (lines + (isOpen ? 1 : 0)) && AreWhole(bytes, dialect.Columns, bounds.AsSpan(0, filled), lines, returns) ? filled : -1;
    }

    /// <summary>Twice the room, with what is there already.</summary>
    public static void Grow(ref int[] bounds, int filled)
    {
        var room = ArrayPool<int>.Shared.Rent(2 * bounds.Length);
        bounds.AsSpan(0, filled).CopyTo(room);
        ArrayPool<int>.Shared.Return(bounds);
        bounds = room;
    }

    // Whether lines end where records do, all in the same way; a carriage return before a line's end is then taken from its last field.
    private static bool AreWhole(byte[] bytes, int columns, Span<int> bounds, int lines, int returns)
    {
        if (columns == 1 || (returns != 0 && returns != lines))
        {
            return false; // in a single column, a line without a field is no record
        }

        for (var (line, last) = (0, (2 * columns) - 1); line < lines; line++, last += 2 * columns)
        {
            if (bytes[bounds[last]] != '\n')
            {
                return false;
            }

            bounds[last] -= returns != 0 ? 1 : 0;
        }

        return true;
    }

    private static Vector512<byte> Rest(byte[] bytes, int place)
    {
        Span<byte> room = stackalloc byte[Width];
        room.Clear();
        bytes.AsSpan(place).CopyTo(room);
        return Vector512.Create<byte>(room);
    }
}
