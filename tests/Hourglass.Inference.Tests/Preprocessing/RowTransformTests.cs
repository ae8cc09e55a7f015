using System.Globalization;
using CsCheck;
using Hourglass.Data;
using Hourglass.Data.Tabular;
using Hourglass.Preprocessing;

namespace Hourglass.Inference.Tests.Preprocessing;

/// <summary>Single fields, as a stream brings them.</summary>
public sealed class RowTransformTests
{
    private static readonly ColumnTransform[] Columns =
    [
        new NumericTransform { Name = "number", Scaling = Scaling.Standard, Offset = 3, Scale = 2, HasMissingIndicator = true },
        new NumericTransform { Name = "heavy", Scaling = Scaling.Quantile, Quantiles = [0, 1, 10], Scores = [-1, 0, 2] },
        new BooleanTransform { Name = "member", False = "no", True = "yes" },
        new CategoryTransform { Name = "colour", Categories = ["red", "blue"], HasMissing = true },
        new HashTransform { Name = "city", Buckets = 8, Commonest = new string?[8] },
        new DateTimeTransform { Name = "when", Scale = 86_400 },
    ];

    private static readonly string[] Fields = ["12.25", "-7e2", "YES", "blue", "Zürich", "2026-01-02 03:04:05"];

    [Fact]
    public void Plain_decimals_are_read_to_the_same_bits_as_the_platform_reads_them() =>
        Gen.Select(Gen.Long[-999_999_999_999_999, 999_999_999_999_999], Gen.Int[0, 16]).Sample((whole, decimals) =>
        {
            var digits = Math.Abs(whole).ToString(CultureInfo.InvariantCulture).PadLeft(decimals + 1, '0');
            var text = (whole < 0 ? "-" : "") + digits[..^decimals] + (decimals > 0 ? "." + digits[^decimals..] : "");
            Assert.True(Numbers.TryParse(text, '.', out var number));
            Assert.Equal(BitConverter.DoubleToInt64Bits(double.Parse(text, CultureInfo.InvariantCulture)), BitConverter.DoubleToInt64Bits(number));
            Assert.True(Numbers.TryParse(text.Replace('.', ','), ',', out var other));
            Assert.Equal(number, other);
        });

    [Theory]
    [InlineData("-0", -0.0)]
    [InlineData("+5.", 5)]
    [InlineData(".5", 0.5)]
    [InlineData("1e3", 1000)]
    [InlineData("123456789012345678901", 123456789012345678901.0)]
    public void Other_spellings_of_numbers_are_read(string text, double expected)
    {
        Assert.True(Numbers.TryParse(text, '.', out var number));
        Assert.Equal(BitConverter.DoubleToInt64Bits(expected), BitConverter.DoubleToInt64Bits(number));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData(".")]
    [InlineData("1.2.3")]
    [InlineData("1,5")]
    [InlineData("١")]
    [InlineData("1e999")]
    public void What_is_no_number_is_refused(string text) => Assert.False(Numbers.TryParse(text, '.', out _));

    [Fact]
    public void Fields_of_a_row_become_values_without_garbage()
    {
        var values = new float[Columns.Max(column => column.Width)];
        Transform(values); // dictionaries are built once
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 1000; round++)
        {
            Transform(values);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000); // nothing for each of 6,000 fields
    }

    [Fact]
    public void A_zero_comes_back_as_zero_and_what_is_small_in_its_column_stays()
    {
        double[] steps = [.. Enumerable.Range(0, 50).Select(step => (step - 24.3) / 7)];
        var column = new NumericTransform { Name = "a", Scaling = Scaling.Quantile, Quantiles = [.. steps.Select(step => (step * 1.7) + (step * step * step))], Scores = steps };
        var linear = new NumericTransform { Name = "b", Scaling = Scaling.Standard, Offset = 0.1, Scale = 0.7 };
        var small = new NumericTransform { Name = "c", Scaling = Scaling.Quantile, Quantiles = [1e-10, 1e-9, 1e-8, 1e6], Scores = [-1, 0, 1, 2] };
        Assert.Equal(0, column.Invert(Values(column, "0")).Number);
        Assert.Equal(0, linear.Invert(Values(linear, "0")).Number);
        Assert.Equal(3e-9, small.Invert(Values(small, "3e-9")).Number, 1e-14);
    }

    [Fact]
    public void Words_for_no_value_are_missing_in_every_kind_of_column()
    {
        foreach (var word in new[] { "", "NA", "n/a", "?", "null" })
        {
            var values = new float[2];
            Assert.True(Columns[0].Apply(word, '.', values));
            Assert.Equal([-1.5f, 1], values); // imputed 0, flagged
            Assert.Equal("colour: ", "colour: " + Columns[3].Invert(Values(Columns[3], word)).Text);
        }
    }

    private static float[] Values(ColumnTransform column, string field)
    {
        var values = new float[column.Width];
        Assert.True(column.Apply(field, '.', values));
        return values;
    }

    private static void Transform(float[] values)
    {
        for (var column = 0; column < Columns.Length; column++)
        {
            Array.Clear(values);
            if (!Columns[column].Apply(Fields[column], '.', values.AsSpan(0, Columns[column].Width)))
            {
                Assert.Fail(Columns[column].Name);
            }
        }
    }
}
