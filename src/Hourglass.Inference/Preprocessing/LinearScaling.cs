using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Hourglass.Preprocessing;

/// <summary>(x - offset) / scale of a column in one pass, in double precision, rounded once.</summary>
/// <param name="offset">What is subtracted.</param>
/// <param name="scale">What is divided by.</param>
/// <param name="imputed">Stands in for values that are not finite.</param>
internal readonly struct LinearScaling(double offset, double scale, double imputed)
{
    private const int Lanes = 16;

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
        (Vector512.ConditionalSelect(Vector512.Equals(numbers - numbers, Vector512<double>.Zero), numbers, Vector512.Create(imputed)) - Vector512.Create(offset)) / Vector512.Create(scale);
}
