using Hourglass.Bundles;
using Hourglass.Data.Tabular;
using Hourglass.Preprocessing;

namespace Hourglass.Detection.Terms;

/// <summary>Views of samples beside each other, each value's scaling learnt from normal samples.</summary>
internal sealed class FeatureViews
{
    private const int Knots = 129; // of each value's distribution
    private readonly IReadOnlyList<FeatureView> _views;
    private readonly float[] _knots; // [value, knot]: normal values, ascending; the last repeats
    private readonly float[] _scores; // [value, knot]
    private readonly int _length;

    private FeatureViews(IReadOnlyList<FeatureView> views, float[] knots, float[] scores, int length) => (_views, _knots, _scores, _length) = (views, knots, scores, length);

    /// <summary>Values of a sample in all views.</summary>
    public int Width => _views.Count * _length;

    /// <summary>Learns scalings.</summary>
    public static FeatureViews Fit(IReadOnlyList<FeatureView> views, DetectorBasis basis)
    {
        var (length, count) = (basis.SampleLength, basis.References.Length / basis.SampleLength);
        var isNumber = new bool[length];
        foreach (var block in basis.Preprocessing.Blocks.Where(block => block.Kind == FeatureBlockKind.Numeric))
        {
            isNumber.AsSpan(block.Start, block.Length).Fill(true);
        }

        var (knots, scores, column) = (new float[length * Knots], new float[length * Knots], new float[count]);
        for (var value = 0; value < length; value++)
        {
            for (var row = 0; row < count; row++)
            {
                column[row] = basis.References[(row * length) + value];
            }

            Array.Sort(column);
            Fit(isNumber[value] ? column : [], knots.AsSpan(value * Knots, Knots), scores.AsSpan(value * Knots, Knots));
        }

        return new FeatureViews(views, knots, scores, length);
    }

    /// <summary>Reads scalings.</summary>
    public static FeatureViews Read(IReadOnlyList<FeatureView> views, DetectorBasis basis, TermTensors tensors)
    {
        var (knots, scores) = (tensors.Floats("knots", basis.SampleLength, Knots), tensors.Floats("scores", basis.SampleLength, Knots));
        for (var place = 1; place < knots.Length; place++)
        {
            if (place % Knots != 0 && (knots[place] < knots[place - 1] || scores[place] < scores[place - 1]))
            {
                throw new BundleException($"{tensors.Place}: '{tensors.Prefix}knots' and scores must ascend. The file is altered.");
            }
        }

        return new FeatureViews(views, knots, scores, basis.SampleLength);
    }

    /// <summary>For the file.</summary>
    public IEnumerable<StoredTensor> ToStored() => [new("knots", [_length, Knots], _knots), new("scores", [_length, Knots], _scores)];

    /// <summary>Samples in all views.</summary>
    /// <param name="samples">[sample, value].</param>
    /// <returns>[sample, view, value].</returns>
    public float[] Apply(ReadOnlySpan<float> samples)
    {
        var seen = new float[samples.Length * _views.Count];
        for (var sample = 0; sample < samples.Length / _length; sample++)
        {
            for (var view = 0; view < _views.Count; view++)
            {
                View(_views[view], samples.Slice(sample * _length, _length), seen.AsSpan((sample * Width) + (view * _length), _length));
            }
        }

        return seen;
    }

    private void View(FeatureView view, ReadOnlySpan<float> sample, Span<float> seen)
    {
        sample.CopyTo(seen);
        for (var value = 0; value < seen.Length && view != FeatureView.Inputs; value++)
        {
            var knots = _knots.AsSpan(value * Knots, Knots);
            var range = knots[^1] - knots[0];
            if (range > 0)
            {
                seen[value] = view == FeatureView.Range ? (sample[value] - knots[0]) / range : Score(knots, _scores.AsSpan(value * Knots, Knots), sample[value]);
            }
        }
    }

    // Beyond the normal values: on with the mean slope, so that far is far, whatever the outermost knots are.
    private static float Score(ReadOnlySpan<float> knots, ReadOnlySpan<float> scores, float number)
    {
        if (number <= knots[0] || number >= knots[^1])
        {
            var slope = (scores[^1] - scores[0]) / (knots[^1] - knots[0]);
            return number <= knots[0] ? scores[0] + ((number - knots[0]) * slope) : scores[^1] + ((number - knots[^1]) * slope);
        }

        var high = SortedPlace.CountBelow(knots, number); // the first knot that is not below the number
        var low = high - (knots[high] == number ? 0 : 1);
        return low == high ? scores[high] : scores[low] + ((number - knots[low]) / (knots[high] - knots[low]) * (scores[high] - scores[low]));
    }

    // Equal values share one score, the middle of their ranks; no column at all means: leave values as they are.
    private static void Fit(float[] sorted, Span<float> knots, Span<float> scores)
    {
        var groups = Groups(sorted);
        for (var knot = 0; knot < knots.Length && groups.Count > 1; knot++)
        {
            var (value, share) = groups.Count <= knots.Length ? groups[Math.Min(knot, groups.Count - 1)] : groups[(int)((long)knot * (groups.Count - 1) / (knots.Length - 1))];
            knots[knot] = value;
            scores[knot] = (float)NormalQuantile.Of(share);
        }
    }

    private static List<(float Value, double Share)> Groups(float[] sorted)
    {
        var groups = new List<(float, double)>();
        for (var start = 0; start < sorted.Length;)
        {
            var end = start;
            while (end < sorted.Length && sorted[end] == sorted[start])
            {
                end++;
            }

            groups.Add((sorted[start], (start + end) / 2.0 / sorted.Length));
            start = end;
        }

        return groups;
    }
}
