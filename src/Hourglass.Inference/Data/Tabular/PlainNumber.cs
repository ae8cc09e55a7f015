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
    private static readonly double[] PowersOfTen = [.. Enumerable.Range(0, Width).Select(power => Math.Round(Math.Pow(10, power)))];

    // Row p moves the bytes before place p one up, over the decimal mark that stands there.
    private static readonly byte[] WithoutMark = [.. Enumerable.Range(0, Width).SelectMany(mark => Enumerable.Range(0, Width).Select(place => place > mark ? (byte)place : place == 0 ? (byte)0xFF : (byte)(place - 1)))];

    // The 16 bytes from number n on mark the last n of a register.
    private static ReadOnlySpan<byte> LastOnes => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255];

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
        var isNegative = start < end && bytes[start] == '-';
        var length = end - start - (isNegative ? 1 : 0);
        if (!Sse41.IsSupported || (uint)(length - 1) >= Width || end < Width || end > bytes.Length)
        {
            return false;
        }

        var text = Vector128.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(bytes), (nuint)(end - Width));
        var inField = Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(LastOnes), (nuint)length);
        var digits = text - Vector128.Create((byte)'0');
        var isDigit = Vector128.Equals(Vector128.Min(digits, Vector128.Create((byte)9)), digits) & inField;
        var isMark = Vector128.Equals(text, Vector128.Create(mark)) & inField;
        var marks = isMark.ExtractMostSignificantBits();
        if ((isDigit | isMark) != inField || (marks & (marks - 1)) != 0)
        {
            return false;
        }

        digits &= isDigit;
        var decimals = 0;
        if (marks != 0)
        {
            var place = BitOperations.TrailingZeroCount(marks);
            decimals = Width - 1 - place;
            digits = Ssse3.Shuffle(digits, Vector128.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(WithoutMark), (nuint)(Width * place)));
            length--;
        }

        var value = Whole(digits) / PowersOfTen[decimals];
        number = isNegative ? -value : value;
        return (uint)(length - 1) < MostDigits;
    }

    // Sixteen digits, the last one in the last byte: neighbours are joined to pairs, fours and eights.
    private static double Whole(Vector128<byte> digits)
    {
        var pairs = Ssse3.MultiplyAddAdjacent(digits, Vector128.Create((short)(10 | (1 << 8))).AsSByte());
        var fours = Sse2.MultiplyAddAdjacent(pairs, Vector128.Create(100 | (1 << 16)).AsInt16());
        var eights = Sse2.MultiplyAddAdjacent(Sse41.PackUnsignedSaturate(fours, fours).AsInt16(), Vector128.Create(10_000 | (1 << 16)).AsInt16());
        return (eights[0] * 100_000_000L) + eights[1];
    }
}
