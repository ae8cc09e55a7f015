using System.Numerics.Tensors;
using Hourglass.Data.Stores;
using Hourglass.Preprocessing;

namespace Hourglass.Data.Arrays;

/// <summary>Fits the scaling of float arrays on the training part.</summary>
internal static class ArrayFit
{
    private const int MedianSamples = 100_000; // samples that robust scaling looks at: the first of the training part

    /// <summary>Rows: a scaling for each feature. Series: one for each channel. Pictures: one for all values. Without a wish: none in [0, 1], else standard.</summary>
    public static ArrayPreprocessing Fit(SampleStore raw, long[] training, Scaling? wish)
    {
        if (training.Length == 0)
        {
            throw new DataException($"All {raw.Count} samples are held out for validation; none is left to train on. Give more data or a smaller --validation.");
        }

        var count = raw.SampleShape.Count switch { 1 => raw.SampleLength, 2 => raw.SampleShape[1], _ => 1 };
        var (low, high) = Range(raw, training, count);
        var inUnit = low.Min() >= 0 && high.Max() <= 1;
        var (offsets, scales) = (wish ?? (inUnit ? Scaling.None : Scaling.Standard)) switch
        {
            Scaling.None => (new double[count], Ones(count)),
            Scaling.MinMax => ([.. low.Select(value => (double)value)], [.. high.Zip(low, (most, least) => (double)most - least)]),
            Scaling.Robust => Robust(raw, training, count),
            Scaling.Standard => Standard(raw, training, count),
            var other => throw new HourglassException($"Scaling {other} is for columns of tables; arrays take none, standard, robust or min-max."),
        };
        return new ArrayPreprocessing
        {
            Shape = [.. raw.SampleShape],
            Offsets = offsets,
            Scales = [.. scales.Select(scale => scale > 1e-12 ? scale : 1)], // a constant feature stays as it is, around 0
            UnitInterval = wish == Scaling.MinMax || (inUnit && wish is null or Scaling.None),
        };
    }

    // Least and most of each feature, or of all values.
    private static (float[] Low, float[] High) Range(SampleStore raw, long[] training, int count)
    {
        var (low, high, sample) = (new float[count], new float[count], new float[raw.SampleLength]);
        Array.Fill(low, float.PositiveInfinity);
        Array.Fill(high, float.NegativeInfinity);
        foreach (var index in training)
        {
            raw.Read(index, 1, sample);
            if (count == 1)
            {
                (low[0], high[0]) = (Math.Min(low[0], TensorPrimitives.Min<float>(sample)), Math.Max(high[0], TensorPrimitives.Max<float>(sample)));
                continue;
            }

            for (var step = 0; step < sample.Length; step += count)
            {
                TensorPrimitives.Min(low, sample.AsSpan(step, count), low);
                TensorPrimitives.Max(high, sample.AsSpan(step, count), high);
            }
        }

        return (low, high);
    }

    // Mean and deviation of each feature, or of all values (Welford).
    private static (double[] Mean, double[] Deviation) Standard(SampleStore raw, long[] training, int count)
    {
        var (mean, squares, seen, sample) = (new double[count], new double[count], 0L, new float[raw.SampleLength]);
        foreach (var index in training)
        {
            raw.Read(index, 1, sample);
            for (var step = 0; step < sample.Length; step += count)
            {
                Add(sample.AsSpan(step, count), ++seen, mean, squares);
            }
        }

        return (mean, [.. squares.Select(sum => Math.Sqrt(sum / seen))]);
    }

    private static void Add(ReadOnlySpan<float> values, double seen, Span<double> mean, Span<double> squares)
    {
        mean = mean[..values.Length]; // and so without checks of bounds in the loop
        squares = squares[..values.Length];
        for (var place = 0; place < values.Length; place++)
        {
            var change = values[place] - mean[place];
            mean[place] += change / seen;
            squares[place] += change * (values[place] - mean[place]);
        }
    }

    private static double[] Ones(int count) => [.. Enumerable.Repeat(1.0, count)];

    private static (double[] Offsets, double[] Scales) Robust(SampleStore raw, long[] training, int count)
    {
        var chosen = training[..Math.Min(training.Length, MedianSamples)];
        var (offsets, scales) = (new double[count], new double[count]);
        var sample = new float[raw.SampleLength];
        var columns = Enumerable.Range(0, count).Select(_ => new List<float>(chosen.Length)).ToArray();
        foreach (var index in chosen)
        {
            raw.Read(index, 1, sample);
            for (var value = 0; value < sample.Length; value++)
            {
                columns[value % count].Add(sample[value]);
            }
        }

        for (var column = 0; column < count; column++)
        {
            columns[column].Sort();
            offsets[column] = Quantile(columns[column], 0.5);
            scales[column] = Quantile(columns[column], 0.75) - Quantile(columns[column], 0.25);
        }

        return (offsets, scales);
    }

    private static double Quantile(List<float> sorted, double share)
    {
        var place = share * (sorted.Count - 1);
        var low = (int)place;
        return sorted[low] + ((place - low) * (sorted[Math.Min(low + 1, sorted.Count - 1)] - sorted[low]));
    }
}
