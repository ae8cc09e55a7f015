using Hourglass.Detection;
using Hourglass.Detection.Terms;
using Hourglass.Preprocessing;

namespace Hourglass.Inference.Tests.Preprocessing;

public sealed class ArrayColumnTests
{
    private static ArrayPreprocessing Of(params int[] shape) => new() { Shape = shape, Offsets = [0], Scales = [1] };

    [Theory]
    [InlineData("feature 2", 3)]
    [InlineData("step 2", 3, 1)]
    [InlineData("channel 2 step 1", 3, 2)]
    [InlineData("row 1 column 2", 1, 2, 2)]
    [InlineData("channel 1 row 1 column 2", 3, 2, 2)]
    public void Values_of_arrays_have_names_whatever_their_shape(string second, params int[] shape)
    {
        var columns = Of(shape).OutputColumns;
        Assert.Equal(shape.Aggregate(1, (product, size) => product * size), columns.Count);
        Assert.Equal(second, columns[1].Name);
    }

    [Fact]
    public void A_series_of_an_array_is_explained()
    {
        var random = new Random(1);
        float[] Draw(int count) => [.. Enumerable.Range(0, count * 5).Select(_ => (float)random.NextDouble())];
        using var detector = DetectorFit.Fit(new DetectorBasis(Of(5, 1), [], Draw(50)), Draw(50), [new RuleRecord("neighbours", [new NeighbourRecord()])]);
        Assert.Equal("values", Assert.Single(detector.Explain(Draw(1))[0].Columns).Column);
    }
}
