using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Hourglass.Data.Arrays;

/// <summary>Range, mean and spread of an array's features, of a series' channels, or of all values.</summary>
/// <param name="features">How many: samples hold a whole number of rounds of them.</param>
internal sealed class ArrayStatistics(int features)
{
    private readonly float[] _low = Filled(features, float.PositiveInfinity);
    private readonly float[] _high = Filled(features, float.NegativeInfinity);
    private readonly double[] _mean = new double[features];
    private readonly double[] _squares = new double[features]; // of what values are off the mean

    /// <summary>Values of each feature seen.</summary>
    public long Count { get; private set; }

    /// <summary>The least value of each feature.</summary>
    public IReadOnlyList<float> Low => _low;

    /// <summary>The greatest value of each feature.</summary>
    public IReadOnlyList<float> High => _high;

    /// <summary>The mean of each feature.</summary>
    public IReadOnlyList<double> Mean => _mean;

    /// <summary>The standard deviation of each feature, of all that was seen.</summary>
    public IEnumerable<double> Deviation => _squares.Select(sum => Math.Sqrt(sum / Count));

    /// <summary>What is learnt about samples of a shape.</summary>
    public static int FeaturesOf(IReadOnlyList<int> shape) => shape.Count switch { 1 => shape[0], 2 => shape[1], _ => 1 };

    /// <summary>Takes a sample: by Welford's recurrence, or as a whole where its values are all of one kind.</summary>
    public void Add(ReadOnlySpan<float> sample)
    {
        if (features == 1)
        {
            (_low[0], _high[0]) = (Math.Min(_low[0], TensorPrimitives.Min(sample)), Math.Max(_high[0], TensorPrimitives.Max(sample)));
            var mean = Sum(sample, 0, isSquared: false) / sample.Length;
            Join(sample.Length, [mean], [Sum(sample, mean, isSquared: true)]);
            return;
        }

        for (var step = 0; step < sample.Length; step += features)
        {
            var values = sample.Slice(step, features);
            TensorPrimitives.Min(_low, values, _low);
            TensorPrimitives.Max(_high, values, _high);
            Add(values, ++Count, _mean, _squares);
        }
    }

    /// <summary>Takes what was learnt about samples that come later.</summary>
    public void Join(ArrayStatistics later)
    {
        TensorPrimitives.Min(_low, later._low, _low);
        TensorPrimitives.Max(_high, later._high, _high);
        Join(later.Count, later._mean, later._squares);
    }

    /// <summary>What <see cref="Of"/> takes.</summary>
    public byte[] ToBytes() => [.. BitConverter.GetBytes(Count), .. Bytes<float>(_low), .. Bytes<float>(_high), .. Bytes<double>(_mean), .. Bytes<double>(_squares)];

    /// <summary>What another has learnt.</summary>
    public static ArrayStatistics Of(byte[] bytes, int features)
    {
        var statistics = new ArrayStatistics(features) { Count = BitConverter.ToInt64(bytes) };
        var rest = bytes.AsSpan(sizeof(long));
        foreach (var part in new[] { statistics._low, statistics._high })
        {
            rest = Take<float>(rest, part);
        }

        foreach (var part in new[] { statistics._mean, statistics._squares })
        {
            rest = Take<double>(rest, part);
        }

        return statistics;
    }

    // Chan, Golub and LeVeque 1979: two sets of values as one.
    private void Join(long count, ReadOnlySpan<double> mean, ReadOnlySpan<double> squares)
    {
        var all = Count + count;
        if (Count == 0)
        {
            mean.CopyTo(_mean);
            squares.CopyTo(_squares);
        }

        for (var feature = 0; feature < features && count > 0 && Count > 0; feature++)
        {
            var change = mean[feature] - _mean[feature];
            _mean[feature] += change * count / all;
            _squares[feature] += squares[feature] + (change * change * Count / all * count);
        }

        Count = all;
    }

    // Of values less a number, or of the squares of these: in sixteen lanes whatever the machine has, and so to the same bits everywhere.
    private static double Sum(ReadOnlySpan<float> values, double less, bool isSquared)
    {
        var (even, odd, mean, place) = (Vector512<double>.Zero, Vector512<double>.Zero, Vector512.Create(less), 0);
        for (; place + Vector512<float>.Count <= values.Length; place += Vector512<float>.Count)
        {
            var (first, second) = Vector512.Widen(Vector512.Create(values.Slice(place, Vector512<float>.Count)));
            (first, second) = (first - mean, second - mean);
            (even, odd) = isSquared ? (even + (first * first), odd + (second * second)) : (even + first, odd + second);
        }

        var sum = 0.0;
        foreach (var value in values[place..])
        {
            sum += isSquared ? (value - less) * (value - less) : value - less;
        }

        even += odd;
        for (var lane = 0; lane < Vector512<double>.Count; lane++)
        {
            sum += even[lane];
        }

        return sum;
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

    private static ReadOnlySpan<byte> Bytes<T>(T[] values)
        where T : unmanaged => MemoryMarshal.AsBytes<T>(values);

    private static Span<byte> Take<T>(Span<byte> bytes, Span<T> values)
        where T : unmanaged
    {
        var target = MemoryMarshal.AsBytes(values);
        bytes[..target.Length].CopyTo(target);
        return bytes[target.Length..];
    }

    private static float[] Filled(int count, float value)
    {
        var values = new float[count];
        Array.Fill(values, value);
        return values;
    }
}
