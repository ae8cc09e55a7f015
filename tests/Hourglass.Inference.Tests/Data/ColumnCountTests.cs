using System.Text;
using CsCheck;
using Hourglass.Data.Tabular;

namespace Hourglass.Tests.Data;

/// <summary>What is seen of a column many at a time is what is seen of it one by one.</summary>
public sealed class ColumnCountTests
{
    private static readonly Gen<double> Number = Gen.Frequency(
        (40, Gen.Double[-1e6, 1e6]), (10, Gen.Int[-5, 5].Select(value => (double)value)), (1, Gen.Const(double.NaN)), (1, Gen.Int[0, 5].Select(place => new[] { 1e15, -1e15, 999_999_999_999_999, 1e300, -0.0, 0.5 }[place])));

    private static readonly Gen<double[]> Numbers = Gen.OneOf(
        Number.Array[0, 70], Gen.Double[0, 1].Array[0, 70].Select(steps => steps.Select((step, place) => place + step).ToArray()), Gen.Int[0, 70].Select(count => Enumerable.Range(0, count).Select(place => (double)place).ToArray()));

    [Fact]
    public void Facts_of_numbers_are_those_of_each_and_of_parts_joined() => Gen.Select(Numbers, Gen.Int[0, 70], Gen.Int[0, 70]).Sample((numbers, cut, swapped) =>
    {
        if (numbers.Length > 1)
        {
            (numbers[swapped % numbers.Length], numbers[cut % numbers.Length]) = (numbers[cut % numbers.Length], numbers[swapped % numbers.Length]); // most ascending ones no longer are
        }

        var expected = numbers.Aggregate(NumberFacts.None, (facts, number) => facts.And(number));
        Assert.Equal(numbers.Count(number => number == Math.Floor(number) && Math.Abs(number) < 1e15), expected.Integers);
        Assert.Equal(numbers.Where(number => !double.IsNaN(number)).ToArray() is var present && Enumerable.Range(1, Math.Max(0, present.Length - 1)).All(place => present[place] > present[place - 1]), expected.IsAscending);
        Assert.Equal(expected, NumberFacts.Of(numbers));
        var first = Math.Min(cut, numbers.Length);
        Assert.Equal(expected, NumberFacts.Of(numbers.AsSpan(0, first)).And(NumberFacts.Of(numbers.AsSpan(first))));
    }, iter: 5000);

    [Fact]
    public void Short_texts_are_counted_in_the_order_of_their_first_appearance() => Gen.Select(Gen.Int[0, 400].Select(value => $"{((value % 2) * 12_345_678_000_000) + (value * 7919)}"), Gen.Bool).Array[0, 3000].Sample(texts =>
    {
        var (counts, expected) = (new ShortTexts(), new Dictionary<string, long>());
        foreach (var (text, isTraining) in texts.Append(("", true)).Append(("0", true)).Append(("123456789012345", false)))
        {
            counts.Add(Encoding.ASCII.GetBytes(text), isTraining);
            expected[text] = expected.GetValueOrDefault(text) + (isTraining ? 1 : 0);
        }

        Assert.Equal(expected, counts.All);
        Assert.Equal(expected.Count, counts.Count);
    }, iter: 50);

    [Fact]
    public void Texts_that_are_too_long_to_be_short_join_those_before()
    {
        var counts = new TextCounts();
        string[] texts = ["1", "2", "1", "0.12345678901234567", "2", "0.12345678901234567", "3"];
        counts.Add(new Texts(texts), 0, new double[texts.Length], new bool[texts.Length]);
        Assert.Equal([KeyValuePair.Create("1", 2L), KeyValuePair.Create("2", 2L), KeyValuePair.Create("0.12345678901234567", 2L), KeyValuePair.Create("3", 1L)], counts.Distinct);
        Assert.Equal(4, counts.DistinctCount);
    }

    private sealed class Texts(string[] texts) : TableBlock
    {
        public override int Rows => texts.Length;

        public override bool TryNumbers(int column, Span<double> numbers) => false;

        public override string? Text(int row, int column) => texts[row];

        public override ReadOnlySpan<byte> Field(int row, int column, Span<byte> room) => Encoding.ASCII.GetBytes(texts[row]);
    }
}
