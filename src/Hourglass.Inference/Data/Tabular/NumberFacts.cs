using System.Runtime.Intrinsics;

namespace Hourglass.Data.Tabular;

/// <summary>What is seen of a run of a column's numbers in any order of runs: whoever reads a block finds it, whoever puts blocks in order joins it.</summary>
/// <param name="Missing">How many are missing.</param>
/// <param name="Integers">How many are whole.</param>
/// <param name="Minimum">The smallest; infinity without any.</param>
/// <param name="Maximum">The greatest; minus infinity without any.</param>
/// <param name="IsAscending">Whether each is greater than the one before.</param>
/// <param name="First">The first; NaN without any.</param>
/// <param name="Last">The last; minus infinity without any.</param>
internal readonly record struct NumberFacts(long Missing, long Integers, double Minimum, double Maximum, bool IsAscending, double First, double Last)
{
    private const double TooLarge = 1e15; // to be counted as whole: neighbours in double precision are far apart
    private static int Lanes => Vector512<double>.Count;

    /// <summary>Of no numbers.</summary>
    public static NumberFacts None { get; } = new(0, 0, double.PositiveInfinity, double.NegativeInfinity, true, double.NaN, double.NegativeInfinity);

    /// <summary>Whether a number is whole.</summary>
    public static bool IsInteger(double number) => number == Math.Floor(number) && Math.Abs(number) < TooLarge;

    /// <summary>Looks at numbers.</summary>
    /// <param name="numbers">They; NaN where one is missing.</param>
    public static NumberFacts Of(ReadOnlySpan<double> numbers)
    {
        if (numbers.Length < 2 * Lanes || !TryWhole(numbers, out var facts))
        {
            facts = None;
            foreach (var number in numbers)
            {
                facts = facts.And(number);
            }
        }

        return facts;
    }

    /// <summary>Joins what is seen of the numbers that come after.</summary>
    public NumberFacts And(NumberFacts later) => new(
        Missing + later.Missing, Integers + later.Integers, Math.Min(Minimum, later.Minimum), Math.Max(Maximum, later.Maximum),
        IsAscending && later.IsAscending && !(later.First <= Last), double.IsNaN(First) ? later.First : First, double.IsNaN(later.First) ? Last : later.Last);

    /// <summary>Joins the number that comes next.</summary>
    /// <param name="number">NaN where it is missing.</param>
    public NumberFacts And(double number) => double.IsNaN(number)
        ? this with { Missing = Missing + 1 }
        : new NumberFacts(Missing, Integers + (IsInteger(number) ? 1 : 0), Math.Min(Minimum, number), Math.Max(Maximum, number), IsAscending && number > Last, double.IsNaN(First) ? number : First, number);

    // Eight at a time; false where some are missing.
    private static bool TryWhole(ReadOnlySpan<double> numbers, out NumberFacts facts)
    {
        var (minimum, maximum, integers) = (Vector512.Create(double.PositiveInfinity), Vector512.Create(double.NegativeInfinity), Vector512<long>.Zero);
        var (isThere, isAscending) = (Vector512<double>.AllBitsSet, Vector512<double>.AllBitsSet);
        var whole = 0L;
        for (var place = 0; place < numbers.Length; place += Lanes)
        {
            var first = Math.Min(place, numbers.Length - Lanes); // the last ones again rather than fewer
            var values = Vector512.LoadUnsafe(in numbers[first]);
            var counted = Vector512.Equals(values, Vector512.Floor(values)) & Vector512.LessThan(Vector512.Abs(values), Vector512.Create(TooLarge));
            isThere &= Vector512.Equals(values, values);
            (minimum, maximum) = (Vector512.MinNative(minimum, values), Vector512.MaxNative(maximum, values));
            isAscending &= first == 0 ? Vector512<double>.AllBitsSet : Vector512.GreaterThan(values, Vector512.LoadUnsafe(in numbers[first - 1]));
            if (first == place)
            {
                integers -= counted.AsInt64();
                continue;
            }

            for (var again = place - first; again < Lanes; again++)
            {
                whole += counted.AsInt64()[again] != 0 ? 1 : 0;
            }
        }

        facts = default;
        if (isThere.AsInt64() != Vector512<long>.AllBitsSet)
        {
            return false;
        }

        whole += Vector512.Sum(integers);
        var inOrder = isAscending.AsInt64() == Vector512<long>.AllBitsSet && IsAscendingWithin(numbers[..Lanes]);
        facts = new NumberFacts(0, whole, Least(minimum), -Least(-maximum), inOrder, numbers[0], numbers[^1]);
        return true;
    }

    private static bool IsAscendingWithin(ReadOnlySpan<double> numbers)
    {
        var isAscending = true;
        for (var place = 1; place < numbers.Length; place++)
        {
            isAscending &= numbers[place] > numbers[place - 1];
        }

        return isAscending;
    }

    private static double Least(Vector512<double> values)
    {
        var least = double.PositiveInfinity;
        for (var lane = 0; lane < Lanes; lane++)
        {
            least = Math.Min(least, values[lane]);
        }

        return least;
    }
}
