using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Hourglass.Preprocessing;

/// <summary>Where a number stands among few sorted ones: all are compared, many at once, which takes less time than the wrong guesses of a search by halves.</summary>
internal static class SortedPlace
{
    /// <summary>How many of the numbers are below one.</summary>
    /// <param name="sorted">Ascending.</param>
    /// <param name="number">The one.</param>
    public static int CountBelow(ReadOnlySpan<float> sorted, float number)
    {
        var (count, place, sought) = (0, 0, Vector512.Create(number));
        for (ref var start = ref MemoryMarshal.GetReference(sorted); place <= sorted.Length - Vector512<float>.Count; place += Vector512<float>.Count)
        {
            count += BitOperations.PopCount(Vector512.LessThan(Vector512.LoadUnsafe(ref start, (nuint)place), sought).ExtractMostSignificantBits());
        }

        for (; place < sorted.Length; place++)
        {
            count += sorted[place] < number ? 1 : 0;
        }

        return count;
    }

    /// <summary>How many of the numbers are at most one.</summary>
    /// <param name="sorted">Ascending.</param>
    /// <param name="number">The one.</param>
    public static int CountAtMost(ReadOnlySpan<double> sorted, double number)
    {
        var (count, place, sought) = (0, 0, Vector512.Create(number));
        for (ref var start = ref MemoryMarshal.GetReference(sorted); place <= sorted.Length - Vector512<double>.Count; place += Vector512<double>.Count)
        {
            count += BitOperations.PopCount(Vector512.LessThanOrEqual(Vector512.LoadUnsafe(ref start, (nuint)place), sought).ExtractMostSignificantBits());
        }

        for (; place < sorted.Length; place++)
        {
            count += sorted[place] <= number ? 1 : 0;
        }

        return count;
    }
}
