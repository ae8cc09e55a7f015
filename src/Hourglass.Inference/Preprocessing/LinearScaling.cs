using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Hourglass.Kernels;

namespace Hourglass.Preprocessing;

/// <summary>(x - offset) / scale of a column in one pass, in double precision, rounded once.</summary>
internal readonly struct LinearScaling
{
    private const int Lanes = 16;
    private const double Widest = 1e100; // of offset and scale, and as a fraction of scale: nothing of a quotient that single precision tells from zero then leaves double precision
    private readonly double _offset;
    private readonly double _scale;
    private readonly double _imputed;
    private readonly double _inverse; // of scale; 0 where only a division will do

    /// <summary>A scaling.</summary>
    /// <param name="offset">What is subtracted.</param>
    /// <param name="scale">What is divided by.</param>
    /// <param name="imputed">Stands in for values that are not finite.</param>
    public LinearScaling(double offset, double scale, double imputed)
    {
        (_offset, _scale, _imputed) = (offset, scale, imputed);
        _inverse = Math.Abs(offset) < Widest && Math.Abs(scale) is < Widest and > 1 / Widest ? 1 / scale : 0;
    }

    /// <summary>Scales numbers.</summary>
    /// <param name="numbers">Single or double precision.</param>
    /// <param name="scaled">Receives as many.</param>
    /// <returns>False where a result is beyond single precision.</returns>
    public bool TryScale<T>(ReadOnlySpan<T> numbers, Span<float> scaled)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var (isFinite, row) = (true, 0);
        for (; row <= numbers.Length - Lanes; row += Lanes)
        {
            isFinite &= Sixteen(numbers.Slice(row, Lanes), scaled.Slice(row, Lanes));
        }

        if (row < numbers.Length)
        {
            Span<T> last = stackalloc T[Lanes];
            Span<float> room = stackalloc float[Lanes];
            last.Fill(T.NaN);
            numbers[row..].CopyTo(last);
            isFinite &= Sixteen(last, room);
            room[..(numbers.Length - row)].CopyTo(scaled[row..]);
        }

        return isFinite;
    }

    /// <summary>Scales numbers of neighbouring rows.</summary>
    /// <param name="numbers">Single or double precision.</param>
    /// <param name="tiles">Receives as many.</param>
    /// <param name="value">Of a row, which they become.</param>
    /// <param name="row">The first one's row.</param>
    /// <returns>False where a result is beyond single precision.</returns>
    public unsafe bool TryScale<T>(ReadOnlySpan<T> numbers, RowTiles tiles, int value, int row)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var (isFinite, place) = (true, 0);
        if (typeof(T) == typeof(float) && _inverse != 0 && row % RowTiles.TileRows == 0)
        {
            fixed (T* first = numbers)
            {
                var whole = numbers.Length / RowTiles.TileRows;
                place = TryScale((float*)first, whole, tiles.Tile(row / RowTiles.TileRows) + (value * RowTiles.TileRows), tiles.TileLength) ? whole * RowTiles.TileRows : 0;
            }
        }

        while (place < numbers.Length)
        {
            var run = tiles.Run(value, row + place, numbers.Length - place);
            isFinite &= TryScale(numbers.Slice(place, run.Length), run);
            place += run.Length;
        }

        return isFinite;
    }

    // Whole tiles; false where a number is missing or a result is too large.
    [MethodImpl(KernelCode.ByItself)]
    private unsafe bool TryScale(float* numbers, int tiles, float* target, int stride)
    {
        var (offset, inverse, scale) = (Vector512.Create(_offset), Vector512.Create(_inverse), Vector512.Create(-_scale));
        var isFinite = Vector512<float>.Zero; // stays so
        for (; tiles > 0; tiles--, numbers += RowTiles.TileRows, target += stride)
        {
            for (var lane = 0; lane < RowTiles.TileRows; lane += Lanes)
            {
                var (low, high) = Vector512.Widen(Vector512.Load(numbers + lane));
                var values = Vector512.Narrow(Quotient(low - offset, inverse, scale), Quotient(high - offset, inverse, scale));
                values.Store(target + lane);
                isFinite += values - values;
            }
        }

        return Vector512.EqualsAll(isFinite, Vector512<float>.Zero);
    }

    // The quotient, rounded as a division rounds it, from the divisor's inverse: what the first product leaves is added twice. After the first time it is off by no more
    // than its last bit; then the second makes it exact: Markstein 1990, "Computation of elementary functions on the IBM RISC System/6000 processor", theorem 1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Quotient(Vector512<double> dividend, Vector512<double> inverse, Vector512<double> minusDivisor)
    {
        var quotient = dividend * inverse;
        quotient = Vector512.FusedMultiplyAdd(Vector512.FusedMultiplyAdd(quotient, minusDivisor, dividend), inverse, quotient);
        return Vector512.FusedMultiplyAdd(Vector512.FusedMultiplyAdd(quotient, minusDivisor, dividend), inverse, quotient);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Sixteen<T>(ReadOnlySpan<T> numbers, Span<float> scaled)
        where T : unmanaged
    {
        var (low, high) = typeof(T) == typeof(float)
            ? Vector512.Widen(Vector512.LoadUnsafe(ref Unsafe.As<T, float>(ref MemoryMarshal.GetReference(numbers))))
            : (Vector512.LoadUnsafe(ref Unsafe.As<T, double>(ref MemoryMarshal.GetReference(numbers))), Vector512.LoadUnsafe(ref Unsafe.As<T, double>(ref MemoryMarshal.GetReference(numbers)), Lanes / 2));
        var values = Vector512.Narrow(Scaled(low), Scaled(high));
        values.StoreUnsafe(ref MemoryMarshal.GetReference(scaled));
        return Vector512.EqualsAll(values - values, Vector512<float>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector512<double> Scaled(Vector512<double> numbers) =>
        (Vector512.ConditionalSelect(Vector512.Equals(numbers - numbers, Vector512<double>.Zero), numbers, Vector512.Create(_imputed)) - Vector512.Create(_offset)) / Vector512.Create(_scale);
}
