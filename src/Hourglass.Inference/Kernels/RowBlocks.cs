using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hourglass.Kernels;

/// <summary>Squares of eight rows by eight values, turned over.</summary>
internal static unsafe class RowBlocks
{
    /// <summary>Rows and values.</summary>
    public const int Side = 8;

    /// <summary>Eight rows of eight become eight columns.</summary>
    /// <param name="source">First row.</param>
    /// <param name="stride">From one row to the next.</param>
    /// <param name="target">First column, as a row.</param>
    /// <param name="targetStride">From one to the next.</param>
    [MethodImpl(KernelCode.ByItself)]
    public static void Transpose(float* source, long stride, float* target, long targetStride)
    {
        if (!Avx.IsSupported)
        {
            for (var place = 0; place < Side * Side; place++)
            {
                target[(place % Side * targetStride) + (place / Side)] = source[(place / Side * stride) + (place % Side)];
            }

            return;
        }

        for (var half = 0; half < Side; half += 4)
        {
            var row = source + half;
            var (a, b) = (Fours(row, stride, 0), Fours(row, stride, 1));
            var (c, d) = (Fours(row, stride, 2), Fours(row, stride, 3));
            var (low, high) = (Avx.UnpackLow(a, b), Avx.UnpackHigh(a, b));
            var (next, last) = (Avx.UnpackLow(c, d), Avx.UnpackHigh(c, d));
            var column = target + (half * targetStride);
            Avx.Shuffle(low, next, 0x44).Store(column);
            Avx.Shuffle(low, next, 0xEE).Store(column + targetStride);
            Avx.Shuffle(high, last, 0x44).Store(column + (2 * targetStride));
            Avx.Shuffle(high, last, 0xEE).Store(column + (3 * targetStride));
        }
    }

    // Four values of one row and of the fourth after it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Fours(float* row, long stride, int number) => Vector256.Create(Vector128.Load(row + (number * stride)), Vector128.Load(row + ((number + 4) * stride)));
}
