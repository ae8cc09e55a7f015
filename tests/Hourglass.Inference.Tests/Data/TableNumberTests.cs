using System.Globalization;
using System.Text;
using CsCheck;
using Hourglass.Data.Tabular;

namespace Hourglass.Tests.Data;

/// <summary>Short ways to numbers and quantiles give what the platform's long ways give, to the last bit.</summary>
public sealed class TableNumberTests
{
    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.Double[-1e9, 1e9].Select(value => value.ToString("G12", CultureInfo.InvariantCulture)),
        Gen.Double.Select(value => value.ToString("R", CultureInfo.InvariantCulture)),
        Gen.Int.Select(value => value.ToString(CultureInfo.InvariantCulture)),
        Gen.Select(Gen.Long[0, 999_999_999_999_999], Gen.Int[0, 14]).Select((digits, mark) => $"{digits:D15}".Insert(15 - mark, ".")),
        Characters("0123456789.-+e", 0, 18));

    private static Gen<string> Characters(string set, int least, int most) => Gen.Int[0, set.Length - 1].Select(place => set[place]).Array[least, most].Select(characters => new string(characters));

    [Fact]
    public void A_field_read_in_one_register_is_the_number_that_the_platform_reads() => Gen.Select(Text, Characters("0123456789,-", 16, 20), Characters("0123456789,", 0, 3)).Sample((text, before, after) =>
    {
        var bytes = Encoding.ASCII.GetBytes(before + text + after);
        if (PlainNumber.TryParse(bytes, before.Length, before.Length + text.Length, (byte)'.', out var number))
        {
            Assert.Equal(BitConverter.DoubleToInt64Bits(double.Parse(text, CultureInfo.InvariantCulture)), BitConverter.DoubleToInt64Bits(number));
        }
        else if (System.Runtime.Intrinsics.X86.Sse41.IsSupported)
        {
            Assert.False(text.TrimStart('-') is { Length: > 0 and < 16 } digits && text.Length - digits.Length < 2 && digits.All(char.IsAsciiDigit), $"'{text}' is a plain number.");
        }
    }, iter: 20_000);

    [Fact]
    public void Quantiles_are_those_of_the_sorted_values() => Gen.Select(Gen.OneOf(Gen.Double[-1, 1], Gen.Int[0, 3].Select(value => (double)value)).Array[1, 300], Gen.Double[0, 1].Array[1, 8]).Sample((values, shares) =>
    {
        double[] sorted = [.. values.Order()];
        var ordered = new OrderedValues([.. values]);
        foreach (var share in shares)
        {
            var place = share * (sorted.Length - 1);
            var (low, high) = (sorted[(int)place], sorted[Math.Min((int)place + 1, sorted.Length - 1)]);
            Assert.Equal(low + ((place - (int)place) * (high - low)), ordered.Quantile(share));
        }

        Assert.Equal(sorted, ordered.Values.Order());
    });

    [Fact]
    public void The_sample_of_a_long_column_is_uniform_over_its_numbers()
    {
        var schedule = new SampleSchedule(3);
        var column = new ColumnStatistics("x", '.', schedule);
        const int Count = 400_000;
        for (var number = 0; number < Count; number++)
        {
            column.Add(number.ToString(CultureInfo.InvariantCulture), isTraining: true);
        }

        Assert.Equal(SampleSchedule.Size, column.Values.Count);
        Assert.Equal(column.Values.Count, column.Values.Distinct().Count());
        Assert.All(Enumerable.Range(0, 4), quarter => Assert.InRange(column.Values.Count(value => (int)value / (Count / 4) == quarter), 24_000, 26_000)); // 25,000 +- 7 standard deviations
    }
}
