using CsCheck;
using Hourglass.Data.Tabular;
using Hourglass.Preprocessing;

namespace Hourglass.Tests.Data;

/// <summary>Columns scaled in one pass and turned into rows are what one value after another gives.</summary>
public sealed class ColumnRowsTests
{
    [Fact]
    public void Columns_of_any_number_and_length_become_rows() => Gen.Select(Gen.Int[1, 40], Gen.Int[1, 70], Gen.Int[0, 5]).Sample((count, rows, more) =>
    {
        var (columns, width) = (Enumerable.Range(0, count * rows).Select(value => (float)value).ToArray(), count + more);
        var values = new float[rows * width];
        ColumnRows.Write(columns, count, rows, values, width);
        Assert.Equal(Enumerable.Range(0, rows * width).Select(place => place % width < count ? columns[(place % width * rows) + (place / width)] : 0), values);
    });

    [Fact]
    public void A_column_in_one_pass_is_scaled_like_each_value() => Gen.Select(Gen.Float[-1e6f, 1e6f].Array[0, 100], Gen.Double[-10, 10], Gen.Double[0.1, 10]).Sample((numbers, offset, scale) =>
    {
        float[] some = [.. numbers.Select((number, row) => row % 9 == 3 ? float.NaN : number)];
        var scaled = new float[some.Length];
        Assert.True(new LinearScaling(offset, scale, 2.5).TryScale<float>(some, scaled));
        Assert.Equal(some.Select(number => (float)(((float.IsNaN(number) ? 2.5 : number) - offset) / scale)), scaled);
        Assert.Equal(some.Length == 0, new LinearScaling(offset, 1e-300, 2.5).TryScale<float>(some, scaled));
    });
}
