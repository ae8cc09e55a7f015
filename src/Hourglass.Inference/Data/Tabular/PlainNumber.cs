using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hourglass.Data.Tabular;

/// <summary>Numbers of at most 15 digits with one decimal mark and no exponent, all digits at once, in one register.</summary>
internal static class PlainNumber
{
    private const int Width = 16; // bytes of the register
    private const int MostDigits = 15; // such a whole number is exact in double precision, and so is a power of ten up to it: their quotient is rounded rightly

    // What a number is divided by whose mark stands at a place of the register; the last is for numbers without a mark.
    private static readonly double[] Divisors = [.. Enumerable.Range(0, Width).Select(place => Math.Round(Math.Pow(10, Width - 1 - place))), 1];

    // For a length and a mark's place, the bytes of the register that are digits of the field, moved together before its end; 0xFF where none is. Places as above.
    private static readonly byte[] Digits = [.. from length in Enumerable.Range(0, Width + 1) from mark in Enumerable.Range(0, Width + 1) from place in Enumerable.Range(0, Width) let source = mark < Width && place <= mark ? place - 1 : place select source >= Width - length ? (byte)source : (byte)0xFF];

    /// <summary>Reads a field of ASCII that ends 16 bytes or more after the start of its text.</summary>
    /// <param name="bytes">The text.</param>
    /// <param name="start">First byte of the field.</param>
    /// <param name="end">After its last byte.</param>
    /// <param name="mark">Before decimals.</param>
    /// <param name="number">The number.</param>
    /// <returns>False for anything else, which may still be a number, and on processors without these instructions.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryParse(byte[] bytes, int start, int end, byte mark, out double number)
    {
        number = 0;
        var length = end - start;
        if (!Sse41.IsSupported || (uint)(length - 1) >= Width || end < Width || end > bytes.Length)
        {
            return false;
        }

        var text = Vector128.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(bytes), (nuint)(end - Width));
        var digits = text - Vector128.Create((byte)'0');
        var isDigit = Vector128.Equals(Vector128.Min(digits, Vector128.Create((byte)9)), digits);
        var (all, first) = ((0xFFFFu << (Width - length)) & 0xFFFF, Width - length); // a bit for each byte of the field
        var marks = Vector128.Equals(text, Vector128.Create(mark)).ExtractMostSignificantBits() & all;
        var minus = (Vector128.Equals(text, Vector128.Create((byte)'-')).ExtractMostSignificantBits() >> first) & 1; // no branches: signs are hard to foretell
        var isDigits = isDigit.ExtractMostSignificantBits() & all;
        var place = BitOperations.TrailingZeroCount(marks | (1u << Width));
        var gathered = Ssse3.Shuffle(digits & isDigit, Vector128.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(Digits), (nuint)(((length * (Width + 1)) + place) * Width)));
        var value = Whole(gathered) / Divisors[place];
        number = BitConverter.UInt64BitsToDouble(BitConverter.DoubleToUInt64Bits(value) | ((ulong)minus << 63));
        return (isDigits | marks | (minus << first)) == all && (marks & (marks - 1)) == 0 && (uint)(BitOperations.PopCount(isDigits) - 1) < MostDigits;
    }

    // Sixteen digits, the last one in the last byte: neighbours are joined to pairs, fours and eights.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Whole(Vector128<byte> digits)
    {
        var pairs = Ssse3.MultiplyAddAdjacent(digits, Vector128.Create((short)(10 | (1 << 8))).AsSByte());
        var fours = Sse2.MultiplyAddAdjacent(pairs, Vector128.Create(100 | (1 << 16)).AsInt16());
        var eights = Sse2.MultiplyAddAdjacent(Sse41.PackUnsignedSaturate(fours, fours).AsInt16(), Vector128.Create(10_000 | (1 << 16)).AsInt16());
        return (eights[0] * 100_000_000L) + eights[1];
    }
}
