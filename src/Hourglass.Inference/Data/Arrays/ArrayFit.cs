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

        var moments = new Moments(raw.SampleShape.Count switch { 1 => raw.SampleLength, 2 => raw.SampleShape[1], _ => 1 });
        var sample = new float[raw.SampleLength];
        foreach (var index in training)
        {
            raw.Read(index, 1, sample);
            moments.Add(sample);
        }

        var inUnit = moments.Minimum.Min() >= 0 && moments.Maximum.Max() <= 1;
        var (offsets, scales) = (wish ?? (inUnit ? Scaling.None : Scaling.Standard)) switch
        {
            Scaling.None => (new double[moments.Count], Ones(moments.Count)),
            Scaling.MinMax => (moments.Minimum, moments.Maximum.Zip(moments.Minimum, (high, low) => high - low).ToArray()),
            Scaling.Robust => Robust(raw, training, moments.Count),
            Scaling.Standard => (moments.Mean, moments.Deviation()),
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

    /// <summary>Mean, variance (Welford) and range for each feature, or over all values.</summary>
    private sealed class Moments(int count)
    {
        private readonly double[] _squares = new double[count];
        private readonly long[] _seen = new long[count];

        public int Count => count;

        public double[] Mean { get; } = new double[count];

        public double[] Minimum { get; } = [.. Enumerable.Repeat(double.PositiveInfinity, count)];

        public double[] Maximum { get; } = [.. Enumerable.Repeat(double.NegativeInfinity, count)];

        public void Add(float[] sample)
        {
            for (var value = 0; value < sample.Length; value++)
            {
                var place = value % count;
                var change = sample[value] - Mean[place];
                Mean[place] += change / ++_seen[place];
                _squares[place] += change * (sample[value] - Mean[place]);
                Minimum[place] = Math.Min(Minimum[place], sample[value]);
                Maximum[place] = Math.Max(Maximum[place], sample[value]);
            }
        }

        public double[] Deviation() => [.. _squares.Zip(_seen, (squares, seen) => Math.Sqrt(squares / seen))];
    }
}
