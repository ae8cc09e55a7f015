using Hourglass.Preprocessing;

namespace Hourglass.Data.Arrays;

/// <summary>Fits the scaling of float arrays on the training part.</summary>
internal static class ArrayFit
{
    private const int MedianSamples = 100_000; // samples that robust scaling looks at: the first of the training part

    /// <summary>Rows: a scaling for each feature. Series: one for each channel. Pictures: one for all values. Without a wish: none in [0, 1], else standard.</summary>
    /// <param name="source">The samples; read again for robust scaling.</param>
    /// <param name="learnt">Of the training part.</param>
    /// <param name="isHeld">For each sample, whether it validates.</param>
    /// <param name="wish">Scaling that was asked for.</param>
    public static ArrayPreprocessing Fit(ArraySource source, ArrayStatistics learnt, List<bool> isHeld, Scaling? wish)
    {
        if (learnt.Count == 0)
        {
            throw new DataException($"All {isHeld.Count} samples are held out for validation; none is left to train on. Give more data or a smaller --validation.");
        }

        var (low, high, none) = (learnt.Low, learnt.High, new double[learnt.Low.Count]);
        var inUnit = low.Min() >= 0 && high.Max() <= 1;
        var (offsets, scales) = (wish ?? (inUnit ? Scaling.None : Scaling.Standard)) switch
        {
            Scaling.None => (none, [.. none.Select(_ => 1.0)]),
            Scaling.MinMax => ([.. low.Select(value => (double)value)], [.. high.Zip(low, (most, least) => (double)most - least)]),
            Scaling.Robust => Robust(source, isHeld, none.Length),
            Scaling.Standard => ([.. learnt.Mean], [.. learnt.Deviation]),
            var other => throw new HourglassException($"Scaling {other} is for columns of tables; arrays take none, standard, robust or min-max."),
        };
        return new ArrayPreprocessing
        {
            Shape = [.. source.Shape],
            Offsets = offsets,
            Scales = [.. scales.Select(scale => scale > 1e-12 ? scale : 1)], // a constant feature stays as it is, around 0
            UnitInterval = wish == Scaling.MinMax || (inUnit && wish is null or Scaling.None),
        };
    }

    private static (double[] Offsets, double[] Scales) Robust(ArraySource source, List<bool> isHeld, int count)
    {
        var chosen = Enumerable.Range(0, isHeld.Count).Where(sample => !isHeld[sample]).Take(MedianSamples).ToList();
        var (offsets, scales) = (new double[count], new double[count]);
        var sample = new float[source.SampleLength];
        var columns = Enumerable.Range(0, count).Select(_ => new List<float>(chosen.Count)).ToArray();
        foreach (var place in chosen)
        {
            source.MoveTo(place);
            source.Next([], sample);
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
