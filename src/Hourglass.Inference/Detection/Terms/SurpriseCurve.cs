namespace Hourglass.Detection.Terms;

/// <summary>From a term's value to how surprising it is: minus the natural logarithm of the share of normal samples that reach it, in nats.</summary>
/// <remarks>Surprises of several terms add up as Fisher's method adds evidence, whatever the shapes of their distributions: docs/decisions/0010-terms-count-as-surprise.md. Among the normal values the share
/// is counted; beyond their highest twentieth it falls as a power of the value, at the rate of these (Hill 1975, https://doi.org/10.1214/aos/1176343247), so that what no normal sample reaches is still told apart.</remarks>
public sealed record SurpriseCurve
{
    private const int Knots = 65; // below the tail, which begins at less than 3 nats where samples are many
    private const int TailPart = 20; // one in so many of the normal values is the tail
    private const int LeastTail = 5; // values
    private const double LeastRate = 0.05; // where the tail's values are nearly equal, twice as much must not mean more than 14 nats
    private const double UsualRate = 0.3; // counts as one more value of the tail: of two or three no rate can be told
    private const double AboveZero = 1e-12; // where the tail begins if all normal values are 0

    /// <summary>Values of a curve, at most.</summary>
    internal const int MostValues = Knots + 2;

    private readonly double[] _values = [];
    private readonly double[] _nats = [];

    /// <summary>Values of the term, ascending from 0; the tail begins at the last.</summary>
    public required IReadOnlyList<double> Values { get => _values; init => _values = [.. value]; }

    /// <summary>The surprise of each value, from 0 and never falling: of normal values that are all equal it is 0 up to there.</summary>
    public required IReadOnlyList<double> Nats { get => _nats; init => _nats = [.. value]; }

    /// <summary>Mean logarithm of the tail's values over the one where it begins: the smaller, the more surprising is what lies beyond.</summary>
    public required double TailRate { get; init; }

    /// <summary>Learns the curve.</summary>
    /// <param name="sorted">Values of normal samples that the term did not learn from: one or more, 0 or above, ascending.</param>
    public static SurpriseCurve Learn(ReadOnlySpan<double> sorted)
    {
        var (count, tail) = (sorted.Length, TailStart(sorted));
        var begin = tail < count ? sorted[tail] : AboveZero;
        var (values, nats) = (new List<double> { 0 }, new List<double> { 0 });
        for (var place = 1; place < tail; place++)
        {
            var surprise = Surprise(place, count);
            if (sorted[place] > sorted[place - 1] && surprise >= values.Count * Surprise(tail, count) / Knots)
            {
                values.Add(sorted[place]);
                nats.Add(surprise);
            }
        }

        var logarithms = 0.0;
        foreach (var value in sorted[tail..])
        {
            logarithms += LogarithmOver(value, begin);
        }

        return new SurpriseCurve { Values = [.. values, begin], Nats = [.. nats, Surprise(tail, count)], TailRate = tail < count ? Math.Max(LeastRate, (logarithms + UsualRate) / (count - tail)) : UsualRate };
    }

    /// <summary>How surprising a value is.</summary>
    /// <param name="value">0 or more.</param>
    /// <returns>Nats, 0 or more.</returns>
    public double Of(double value)
    {
        if (value >= _values[^1])
        {
            return _nats[^1] + (LogarithmOver(value, _values[^1]) / TailRate);
        }

        var place = Array.BinarySearch(_values, value);
        var high = place >= 0 ? place : ~place;
        return place >= 0 || high == 0 ? _nats[high] : _nats[high - 1] + ((value - _values[high - 1]) / (_values[high] - _values[high - 1]) * (_nats[high] - _nats[high - 1]));
    }

    /// <summary>The same curve in numbers that single precision holds: what a file of tensors keeps.</summary>
    internal SurpriseCurve InSinglePrecision()
    {
        var begin = Math.Clamp((float)_values[^1], float.Epsilon, float.MaxValue);
        var (values, nats) = (new List<double> { 0 }, new List<double> { 0 });
        for (var place = 1; place < _values.Length - 1; place++)
        {
            if ((float)_values[place] > values[^1] && (float)_values[place] < begin)
            {
                values.Add((float)_values[place]);
                nats.Add((float)_nats[place]);
            }
        }

        return new SurpriseCurve { Values = [.. values, begin], Nats = [.. nats, (float)_nats[^1]], TailRate = (float)TailRate };
    }

    /// <summary>A curve from rows of one width, whose last values repeat.</summary>
    /// <param name="values">As <see cref="Values"/>.</param>
    /// <param name="nats">As <see cref="Nats"/>.</param>
    /// <param name="rate">As <see cref="TailRate"/>.</param>
    internal static SurpriseCurve FromRow(ReadOnlySpan<float> values, ReadOnlySpan<float> nats, float rate)
    {
        var count = 1;
        while (count < values.Length && values[count] > values[count - 1])
        {
            count++;
        }

        return new SurpriseCurve { Values = [.. Doubles(values[..count])], Nats = [.. Doubles(nats[..count])], TailRate = rate };

        static double[] Doubles(ReadOnlySpan<float> numbers) => Array.ConvertAll(numbers.ToArray(), number => (double)number);
    }

    /// <summary>What a file claims and no fit produces; null when all is well.</summary>
    internal string? Fault() =>
        _values.Length is < 2 or > MostValues || _nats.Length != _values.Length || _values[0] != 0 || _nats[0] != 0 || !Ascends(_values, double.Epsilon) || !Ascends(_nats, 0)
            ? $"surprise needs 2 to {MostValues} values with as many nats, finite from 0, the values ascending and the nats never falling, got {_values.Length} and {_nats.Length}"
        : !(double.IsFinite(TailRate) && TailRate > 0) ? $"the tail's rate must be above 0, got {TailRate}"
        : null;

    // Of those that are equal the first; where fewer than a tail's worth lie above 0, the first of these; all of them when none does.
    private static int TailStart(ReadOnlySpan<double> sorted)
    {
        var start = sorted.Length - Math.Max(1, Math.Min(Math.Max(LeastTail, sorted.Length / TailPart), sorted.Length - 1));
        while (start > 0 && sorted[start - 1] == sorted[start])
        {
            start--;
        }

        while (start < sorted.Length && sorted[start] == 0)
        {
            start++;
        }

        return start;
    }

    // As a p-value counts: the sample itself is one of those that reach so far.
    private static double Surprise(int below, int count) => Math.Log((count + 1.0) / (count - below + 1));

    // A quotient of the smallest numbers there are would be infinite.
    private static double LogarithmOver(double value, double begin) => Math.Log(value) - Math.Log(begin);

    private static bool Ascends(double[] numbers, double leastStep)
    {
        for (var place = 1; place < numbers.Length; place++)
        {
            if (!(double.IsFinite(numbers[place]) && numbers[place] - numbers[place - 1] >= leastStep))
            {
                return false;
            }
        }

        return true;
    }
}
