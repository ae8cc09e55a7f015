using System.Globalization;
using System.Text;
using Hourglass.Data.Tabular;

namespace Hourglass.Tests.Data;

/// <summary>Counts of the rows of several ranks, joined, say what one count over all rows says.</summary>
public sealed class TextCountsTests
{
    private const int Limit = TextCounts.MaximumDistinct;

    // A count that is exactly full has looked at all of its rows; what is joined to it has not been looked at.
    [Theory]
    [InlineData(Limit, 0, false)]
    [InlineData(Limit, 1, true)]
    [InlineData(Limit, Limit, true)]
    [InlineData(Limit + 1, 0, true)]
    [InlineData(Limit - 5, 4, false)]
    public void Full_counts_that_are_joined_say_that_texts_were_not_looked_at(int first, int later, bool hasUncounted)
    {
        var (joined, alone) = (CountsOf(0, first), CountsOf(0, first + later));
        Assert.True(joined.TryJoin(CountsOf(first, later)));
        Assert.Equal(hasUncounted, joined.HasUncounted);
        Assert.Equal(alone.HasUncounted, joined.HasUncounted);
        Assert.Equal(alone.Distinct, joined.Distinct);
        Assert.Equal((alone.Rows, alone.Characters, alone.IsFull), (joined.Rows, joined.Characters, joined.IsFull));
    }

    [Fact]
    public void Where_the_limit_falls_among_later_rows_only_these_tell() => Assert.False(CountsOf(0, Limit - 5).TryJoin(CountsOf(Limit, 9)));

    private static TextCounts CountsOf(int first, int count)
    {
        var (counts, numbers) = (new TextCounts(), Enumerable.Range(first, count).Select(number => (double)number).ToArray());
        counts.Add(new NumberBlock(numbers), 0, numbers, new bool[count]);
        return counts;
    }

    private sealed class NumberBlock(double[] numbers) : TableBlock
    {
        public override int Rows => numbers.Length;

        public override bool TryNumbers(int column, Span<double> target) => numbers.AsSpan().TryCopyTo(target);

        public override string? Text(int row, int column) => numbers[row].ToString(CultureInfo.InvariantCulture);

        public override ReadOnlySpan<byte> Field(int row, int column, Span<byte> room) => Encoding.ASCII.GetBytes(Text(row, column)!);
    }
}
