using CsCheck;
using Hourglass.Data.Tabular;
using Hourglass.Kernels;
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

    // From the smallest single-precision number to the largest, scales over thirty orders of magnitude, with and without missing values.
    [Fact]
    public void Tiles_hold_what_a_division_gives() => Gen.Select(Gen.Int[0, int.MaxValue], Gen.Double[-15, 15], Gen.Int[0, 60]).Sample((seed, order, row) =>
    {
        var random = new Random(seed);
        var (scale, offset) = ((random.NextDouble() + 0.5) * Math.Pow(10, order) * (seed % 2 == 0 ? 1 : -1), seed % 3 == 0 ? 0 : random.NextDouble());
        float[] numbers = [.. Enumerable.Range(0, 200).Select(_ => BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue))).Select(number => float.IsFinite(number) || seed % 5 == 0 ? number : 1)];
        var expected = numbers.Select(number => (float)(((float.IsFinite(number) ? number : 0.25) - offset) / scale)).ToArray();
        Assert.Equal(Array.TrueForAll(expected, float.IsFinite), Scaled(numbers, new LinearScaling(offset, scale, 0.25), row, out var scaled));
        Assert.Equal(expected, scaled);
    }, iter: 2000);

    // Half way between two neighbours in single precision, where the last bit of a quotient in double precision decides.
    [Fact]
    public void Quotients_that_are_made_without_a_division_are_rounded_as_one_rounds_them()
    {
        var random = new Random(3);
        for (var trial = 0; trial < 20_000; trial++)
        {
            var (near, scale) = (random.NextSingle() + 0.5f, (random.NextDouble() + 0.5) * Math.Pow(2, random.Next(-40, 40)));
            var offset = -(near + (double)MathF.BitIncrement(near)) / 2 * scale;
            Assert.True(Scaled(new float[48], new LinearScaling(offset, scale, 0), 0, out var scaled));
            Assert.Equal((float)((0 - offset) / scale), scaled[0]);
        }
    }

    private static bool Scaled(float[] numbers, LinearScaling scaling, int row, out float[] scaled)
    {
        using var tiles = new RowTiles(3, row + numbers.Length);
        var isFinite = scaling.TryScale<float>(numbers, tiles, 1, row);
        scaled = [.. Enumerable.Range(row, numbers.Length).Select(place => tiles.Run(1, place, 1)[0])];
        return isFinite;
    }
}
