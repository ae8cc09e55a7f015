using Hourglass.Engine;
using static TorchSharp.torch;

namespace Hourglass.Tests.Engine;

public class EngineConvolutionsTests
{
    [Fact]
    public void Wrong_values_and_values_that_are_no_numbers_are_seen()
    {
        double[] expected = [3, -4, 0];
        Assert.True(EngineConvolutions.AreNear([3.000001f, -4, 0], expected));
        Assert.False(EngineConvolutions.AreNear([3.1f, -4, 0], expected));
        Assert.False(EngineConvolutions.AreNear([3, float.NaN, 0], expected));
        Assert.False(EngineConvolutions.AreNear([float.NaN, -4, 0], expected));
        Assert.False(EngineConvolutions.AreNear([3, -4], expected));
    }

    /// <summary>Against double precision by another way: patches, and one product of matrices. Sizes of channels that fill no vector, and that do.</summary>
    [Fact]
    public void After_the_look_the_engine_convolves_rightly_there_and_back()
    {
        EngineConvolutions.Require();
        using var generator = new Generator(3);
        foreach (var (channels, height, width, next, kernel, stride, padding) in new[]
        {
            (3, 9, 7, 7, 5, 3, 2), (7, 3, 3, 9, 5, 3, 2), (6, 6, 5, 35, 3, 1, 1), (1, 11, 10, 6, 3, 2, 1), (6, 6, 5, 35, 3, 2, 1), (32, 5, 4, 32, 3, 1, 1), (3, 9, 7, 20, 3, 2, 1), (20, 5, 4, 32, 3, 2, 1), (36, 6, 5, 420, 3, 1, 1),
        })
        {
            for (var round = 0; round < 3; round++)
            {
                using var scope = NewDisposeScope();
                var (x, weights) = (Drawn(13, channels, height, width), Drawn(next, channels, kernel, kernel));
                var y = nn.functional.conv2d(x, weights, strides: [stride, stride], padding: [padding, padding]);
                var slope = randn(y.shape, generator: generator);
                y.backward([slope]);

                var (exactX, exactWeights) = (Exact(x), Exact(weights));
                var exactY = exactWeights.view(next, -1).matmul(nn.functional.unfold(exactX, (kernel, kernel), padding: (padding, padding), stride: (stride, stride))).view(y.shape);
                exactY.backward([slope.to(ScalarType.Float64)]);
                Near(exactY, y);
                Near(exactX.grad!, x.grad!);
                Near(exactWeights.grad!, weights.grad!);
            }
        }

        Tensor Drawn(params long[] shape) => randn(shape, generator: generator).requires_grad_();

        static Tensor Exact(Tensor values) => values.detach().to(ScalarType.Float64).requires_grad_();

        static void Near(Tensor expected, Tensor actual) =>
            Assert.True(EngineConvolutions.AreNear(actual.detach().contiguous().data<float>().ToArray(), expected.detach().contiguous().data<double>().ToArray()), $"[{string.Join(", ", actual.shape)}]");
    }
}
