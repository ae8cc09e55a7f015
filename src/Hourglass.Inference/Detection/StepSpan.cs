using System.Globalization;
using Hourglass.Preprocessing;

namespace Hourglass.Detection;

/// <summary>When in a series its score comes about.</summary>
/// <param name="First">The first step, counted from 0.</param>
/// <param name="Last">The last step, included.</param>
/// <param name="Of">Steps in all.</param>
public sealed record StepSpan(int First, int Last, int Of)
{
    private const double LeastShare = 0.5; // of the score

    /// <summary>"steps 41 to 60 of 140", counted from 1.</summary>
    internal string Summary => string.Create(CultureInfo.InvariantCulture, $"{(First == Last ? $"step {First + 1}" : $"steps {First + 1} to {Last + 1}")} of {Of}");

    /// <summary>The fewest steps in a row that add half of a sample's score; null for what is no series.</summary>
    /// <param name="preprocessing">Where samples come from.</param>
    /// <param name="contributions">[step, value].</param>
    internal static StepSpan? Find(SamplePreprocessing preprocessing, ReadOnlySpan<double> contributions)
    {
        if (preprocessing is not (SeriesPreprocessing or ArrayPreprocessing { Shape.Count: 2 }))
        {
            return null;
        }

        var (steps, width) = (preprocessing.SampleShape[0], contributions.Length / preprocessing.SampleShape[0]);
        var (wanted, first, sum, best) = (LeastShare * System.Numerics.Tensors.TensorPrimitives.Sum(contributions), 0, 0.0, new StepSpan(0, steps - 1, steps));
        for (var last = 0; last < steps; last++)
        {
            sum += System.Numerics.Tensors.TensorPrimitives.Sum(contributions.Slice(last * width, width));
            for (var step = System.Numerics.Tensors.TensorPrimitives.Sum(contributions.Slice(first * width, width)); first < last && sum - step >= wanted; step = System.Numerics.Tensors.TensorPrimitives.Sum(contributions.Slice(first * width, width)))
            {
                sum -= step;
                first++;
            }

            best = sum >= wanted && last - first < best.Last - best.First ? new StepSpan(first, last, steps) : best;
        }

        return best;
    }
}
