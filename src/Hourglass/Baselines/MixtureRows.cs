using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Hourglass.Kernels;

namespace Hourglass.Baselines;

/// <summary>Rows of small matrices in double precision, compiled fully at once.</summary>
internal static class MixtureRows
{
    /// <summary>The sum of products of two rows of a length.</summary>
    [MethodImpl(KernelCode.ByItself)]
    public static double Dot(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        var (sum, place) = (Vector512<double>.Zero, 0);
        for (; place <= first.Length - Vector512<double>.Count; place += Vector512<double>.Count)
        {
            sum = Vector512.FusedMultiplyAdd(At(first, place), At(second, place), sum);
        }

        var rest = 0.0;
        for (; place < first.Length; place++)
        {
            rest += first[place] * second[place];
        }

        return Vector512.Sum(sum) + rest;
    }

    /// <summary>Adds a row, times a factor, to another at least as long.</summary>
    [MethodImpl(KernelCode.ByItself)]
    public static void AddScaled(ReadOnlySpan<double> row, double factor, Span<double> sums)
    {
        var place = 0;
        for (; place <= row.Length - Vector512<double>.Count; place += Vector512<double>.Count)
        {
            Vector512.FusedMultiplyAdd(At(row, place), Vector512.Create(factor), At(sums, place)).StoreUnsafe(ref sums[place]);
        }

        for (; place < row.Length; place++)
        {
            sums[place] += row[place] * factor;
        }
    }

    private static Vector512<double> At(ReadOnlySpan<double> row, int place) => Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(row), (nuint)place);
}
