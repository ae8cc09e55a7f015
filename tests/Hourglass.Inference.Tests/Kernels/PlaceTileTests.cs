using Hourglass.Kernels;

namespace Hourglass.Inference.Tests.Kernels;

/// <summary>Products of eight places of a picture, for every width of registers, against plain loops in double precision; which places a resized picture repeats.</summary>
public sealed unsafe class PlaceTileTests
{
    private const int Rows = DenseMap.TileRows;
    private const int Width = DenseMap.PanelWidth;
    private readonly Random _random = new(3);

    [Theory]
    [InlineData(32, 3, 5, 1, 7, 0)]
    [InlineData(19, 2, 4, 3, -6, 64)]
    [InlineData(5, 1, 9, 2, 0, 0)]
    [InlineData(32, 0, 9, 2, 0, 0)]
    public void Sums_are_those_of_plain_loops(int outputs, int lines, int steps, int step, int lineStep, int skip)
    {
        using var values = Numbers(400);
        using var weights = Numbers(Width * (lines + 1) * (steps + 2));
        using var start = Numbers(Rows * Width);
        using var target = Numbers(Rows * 2 * Width);
        var places = stackalloc float*[Rows];
        for (var row = 0; row < Rows; row++)
        {
            places[row] = values.Pointer + 100 + (row * 23 % 17);
        }

        for (var output = outputs; output < Width * (lines + 1) * (steps + 2); output++)
        {
            weights.Pointer[output] = output % Width < outputs ? weights.Pointer[output] : 0; // as what pads a panel
        }

        foreach (var kernels in DenseKernels.All)
        {
            kernels.PlaceTile(places, new PlaceSteps(2, lines, lineStep, steps, step, Width, skip), weights.Pointer, start.Pointer, Width, target.Pointer, 2 * Width, outputs);
            for (var place = 0; place < Rows * outputs; place++)
            {
                var (row, output) = Math.DivRem(place, outputs);
                var expected = (double)start.Pointer[(row * Width) + output];
                for (var number = 0; number < lines * steps; number++)
                {
                    var (line, within) = Math.DivRem(number, steps);
                    expected += (double)places[row][2 + (line * lineStep) + (within * step)] * weights.Pointer[(number * Width) + (line * skip) + output];
                }

                Assert.Equal(expected, target.Pointer[(row * 2 * Width) + output], 1e-4);
            }
        }
    }

    [Theory]
    [InlineData(3, 5, 0)]
    [InlineData(7, 14, 2)]
    [InlineData(4, 12, 3)]
    [InlineData(5, 5, 1)]
    [InlineData(1, 7, 7)]
    [InlineData(49, 98, 2)]
    public void Every_place_of_a_larger_picture_repeats_the_nearest_of_the_smaller(int given, int made, int factor)
    {
        var repeats = new RepeatedPlaces((given, given), (made, made));
        var sources = new List<int>();
        for (var place = 0; place < given; place++)
        {
            Assert.Equal(repeats.Rows(place), repeats.Columns(place));
            sources.AddRange(Enumerable.Repeat(place, repeats.Rows(place).Last - repeats.Rows(place).First));
        }

        Assert.Equal(Enumerable.Range(0, made).Select(place => Math.Min((int)(place * ((float)given / made)), given - 1)), sources);
        Assert.Equal(factor, repeats.Factor);
    }

    private AlignedFloats Numbers(int count)
    {
        var memory = new AlignedFloats(count);
        foreach (ref var value in memory.Span(0, count))
        {
            value = (_random.NextSingle() * 4) - 2;
        }

        return memory;
    }
}
