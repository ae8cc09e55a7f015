using System.Numerics.Tensors;

namespace Hourglass.Kernels;

/// <summary>A sample's values by their own mean and deviation, over all channels and places: layer normalisation without its gain and shift.</summary>
/// <remarks>Ba et al. 2016, https://arxiv.org/abs/1607.06450; the variance is the biased one. Values lie [place, channel], channels padded; a row of a dense layer is one place.</remarks>
internal static unsafe class Standardization
{
    /// <summary>Added to variances before the root, by batch and layer normalisation: the engine's own.</summary>
    public const float Epsilon = 1e-5f;

    /// <summary>Centres and scales a sample.</summary>
    /// <param name="values">The sample.</param>
    /// <param name="scaled">Receives the result; may be the sample itself. Padding is left as it is.</param>
    /// <param name="places">How many.</param>
    /// <param name="width">Channels.</param>
    /// <returns>1 over the deviation.</returns>
    public static float Forward(float* values, float* scaled, int places, int width)
    {
        var (runs, length, stride) = Runs(places, width);
        var (sum, squares, count) = (0.0, 0.0, (double)places * width);
        for (var run = 0; run < runs; run++)
        {
            sum += TensorPrimitives.Sum(new ReadOnlySpan<float>(values + ((long)run * stride), length));
        }

        for (var run = 0; run < runs; run++)
        {
            var target = new Span<float>(scaled + ((long)run * stride), length);
            TensorPrimitives.Subtract(new ReadOnlySpan<float>(values + ((long)run * stride), length), (float)(sum / count), target);
            squares += TensorPrimitives.SumOfSquares<float>(target);
        }

        var factor = 1 / MathF.Sqrt((float)(squares / count) + Epsilon);
        for (var run = 0; run < runs; run++)
        {
            var target = new Span<float>(scaled + ((long)run * stride), length);
            TensorPrimitives.Multiply(target, factor, target);
        }

        return factor;
    }

    /// <summary>From gradients of scaled values to those of the values, in place.</summary>
    /// <param name="scaled">What <see cref="Forward"/> made.</param>
    /// <param name="gradients">The gradients.</param>
    /// <param name="factor">1 over the deviation.</param>
    /// <param name="places">How many.</param>
    /// <param name="width">Channels.</param>
    public static void Backward(float* scaled, float* gradients, float factor, int places, int width)
    {
        var (runs, length, stride) = Runs(places, width);
        var (sum, product, count) = (0.0, 0.0, (double)places * width);
        for (var run = 0; run < runs; run++)
        {
            var gradient = new ReadOnlySpan<float>(gradients + ((long)run * stride), length);
            sum += TensorPrimitives.Sum(gradient);
            product += TensorPrimitives.Dot(new ReadOnlySpan<float>(scaled + ((long)run * stride), length), gradient);
        }

        var (mean, slope) = ((float)(sum / count), (float)(product / count));
        for (var run = 0; run < runs; run++)
        {
            var gradient = new Span<float>(gradients + ((long)run * stride), length);
            TensorPrimitives.Subtract(gradient, mean, gradient);
            TensorPrimitives.MultiplyAdd(new ReadOnlySpan<float>(scaled + ((long)run * stride), length), -slope, gradient, gradient);
            TensorPrimitives.Multiply(gradient, factor, gradient);
        }
    }

    // Places without padding between them are one run.
    private static (int Runs, int Length, int Stride) Runs(int places, int width) =>
        DenseMap.Stride(width) == width ? (1, places * width, places * width) : (places, width, DenseMap.Stride(width));
}
