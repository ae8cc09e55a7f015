using System.Numerics.Tensors;
using Hourglass.Kernels;
using Hourglass.Objectives;
using Hourglass.Preprocessing;

namespace Hourglass.Training.Steps;

/// <summary>A row's distance and gradient, by the kernels.</summary>
/// <param name="options">The model.</param>
/// <param name="noise">Log-variances that the objective learns; null for other objectives.</param>
internal sealed unsafe class FusedObjective(AutoencoderOptions options, DenseFusedMap? noise)
{
    private readonly DenseKernels _kernels = DenseKernels.Widest;
    private readonly int _length = options.Input!.Length;
    private readonly float _delta = options.Objective is HuberOptions huber ? (float)huber.Delta : 0;

    /// <summary>Distances of some rows, and their gradients.</summary>
    /// <param name="first">Number of the first row.</param>
    /// <param name="output">The decoder's output, [row, value], padded with zeros.</param>
    /// <param name="target">What is to be made, likewise.</param>
    /// <param name="gradient">Receives the gradients.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="scale">What the distance is multiplied by in the loss.</param>
    /// <returns>Their sum.</returns>
    public double Rows(int first, float* output, float* target, float* gradient, int rows, float scale)
    {
        switch (options.Objective)
        {
            case BinaryCrossEntropyOptions:
                return _kernels.BinaryCrossEntropy(output, target, gradient, _length, rows, scale);
            case SquaredErrorOptions:
                return _kernels.SquaredError(output, target, gradient, _length, rows, scale);
        }

        var (total, stride) = (0.0, DenseMap.Stride(_length));
        for (var row = 0; row < rows; row++)
        {
            var start = (long)row * stride;
            total += Row(first + row, output + start, target + start, gradient + start, scale);
        }

        return total;
    }

    private double Row(int row, float* output, float* target, float* gradient, float scale) => options.Objective switch
    {
        ContinuousBernoulliOptions => _kernels.ContinuousBernoulli(output, target, gradient, _length, scale),
        MultinomialOptions => _kernels.Multinomial(output, target, gradient, _length, scale),
        HuberOptions => _kernels.Huber(output, target, gradient, _length, scale, _delta),
        GaussianLikelihoodOptions => GaussianLikelihood(row, output, target, gradient, scale),
        _ => Mixed(output, target, gradient, scale),
    };

    /// <summary>The same for a target of which few values are not zero.</summary>
    /// <param name="row">Number of the row.</param>
    /// <param name="output">The decoder's output.</param>
    /// <param name="places">Where the target is not zero.</param>
    /// <param name="values">Its values there.</param>
    /// <param name="gradient">Receives the gradient.</param>
    /// <param name="scale">What the distance is multiplied by in the loss.</param>
    /// <param name="scratch">Room for a row.</param>
    public double Row(int row, float* output, ReadOnlySpan<int> places, ReadOnlySpan<float> values, float* gradient, float scale, float* scratch)
    {
        if (options.Objective is MultinomialOptions)
        {
            return _kernels.Multinomial(output, places, values, gradient, _length, scale);
        }

        new Span<float>(scratch, DenseMap.Stride(_length)).Clear();
        for (var entry = 0; entry < places.Length; entry++)
        {
            scratch[places[entry]] = values[entry];
        }

        return Rows(row, output, scratch, gradient, 1, scale);
    }

    // ((r - x)^2 / v + log v + log 2 pi) / 2; a log-variance at its limit has no gradient.
    private double GaussianLikelihood(int row, float* output, float* target, float* gradient, float scale)
    {
        var (variances, limit) = (noise!.Layer.Outputs, (float)-Objectives.GaussianLikelihood.SmallestLogVariance);
        var logs = new ReadOnlySpan<float>(noise.Map.Bias, variances);
        var slopes = new Span<float>(noise.Gradient + ((long)row * DenseMap.Stride(variances)), variances); // hold 1 / v first
        TensorPrimitives.Clamp(logs, -limit, limit, slopes);
        TensorPrimitives.Negate(slopes, slopes);
        TensorPrimitives.Exp(slopes, slopes);
        var (total, sum, precision) = (_length * Objectives.GaussianLikelihood.LogTwoPi, 0f, slopes[0]);
        for (var place = 0; place < _length; place++)
        {
            var own = variances > 1 ? place : 0;
            var difference = output[place] - target[place];
            precision = variances > 1 ? slopes[place] : precision;
            var weighted = difference * difference * precision;
            total += weighted + Math.Clamp(logs[own], -limit, limit);
            gradient[place] = scale * difference * precision;
            var slope = Math.Abs(logs[own]) <= limit ? 0.5f * scale * (1 - weighted) : 0;
            sum += slope;
            slopes[own] = variances > 1 ? slope : sum;
        }

        return total / 2;
    }

    private double Mixed(float* output, float* target, float* gradient, float scale)
    {
        var total = 0.0;
        foreach (var block in options.Input!.Blocks)
        {
            var made = output + block.Start;
            var wanted = target + block.Start;
            var slope = gradient + block.Start;
            total += block.Kind switch
            {
                FeatureBlockKind.Binary => _kernels.BinaryCrossEntropy(made, wanted, slope, block.Length, scale),
                FeatureBlockKind.Categorical => _kernels.Multinomial(made, wanted, slope, block.Length, scale),
                _ => _kernels.SquaredError(made, wanted, slope, block.Length, scale),
            };
        }

        return total;
    }
}
