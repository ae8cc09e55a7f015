using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Hourglass.Kernels;

/// <summary>A row's distance and its gradient in one pass over the output.</summary>
internal sealed unsafe partial class DenseKernels<TLanes, TVector>
{
    private const float Never = -100; // a logit that adds nothing, in the lanes of a last register that is not full
    private const int ProductRun = 64; // factors from 1 to 2: their product stays finite
    private const int LogLanes = 8;
    private const int QuotientRun = 8; // quotients from 1/88 to 1: eight of them in eight lanes stay above the smallest double
    private const float Tiny = 1e-20f;

    [MethodImpl(KernelCode.ByItself)]
    public override double SquaredError(float* output, float* target, float* gradient, int count, float scale)
    {
        var sum = Of(0);
        var twice = Of(2 * scale);
        var i = 0;
        for (; i + TLanes.Count <= count; i += TLanes.Count)
        {
            var difference = TLanes.Subtract(TLanes.Load(output + i), TLanes.Load(target + i));
            sum = TLanes.MultiplyAdd(difference, difference, sum);
            TLanes.Store(TLanes.Multiply(difference, twice), gradient + i);
        }

        var total = Total(sum);
        for (; i < count; i++)
        {
            var difference = output[i] - target[i];
            total += difference * difference;
            gradient[i] = 2 * scale * difference;
        }

        return total;
    }

    // max(z, 0) - z t + log(1 + exp(-|z|)), and sigmoid(z) - t. The logarithms of a lane are taken as one, of a product.
    [MethodImpl(KernelCode.ByItself)]
    public override double BinaryCrossEntropy(float* output, float* target, float* gradient, int count, float scale)
    {
        var (sum, product, logs, factor) = (Of(0), Of(1), 0.0, Of(scale));
        var i = 0;
        for (var run = 0; i + TLanes.Count <= count; i += TLanes.Count)
        {
            Logistic(output + i, target + i, gradient + i, factor, ref sum, ref product);
            if (++run == ProductRun)
            {
                (logs, product, run) = (logs + LogTotal(product), Of(1), 0);
            }
        }

        if (i < count)
        {
            var room = stackalloc float[2 * TLanes.Count];
            TLanes.Store(Of(Never), room);
            TLanes.Store(Of(0), room + TLanes.Count);
            Copy(output + i, room, count - i);
            Copy(target + i, room + TLanes.Count, count - i);
            Logistic(room, room + TLanes.Count, room, factor, ref sum, ref product);
            Copy(room, gradient + i, count - i);
        }

        return Total(sum) + logs + LogTotal(product);
    }

    [MethodImpl(KernelCode.ByItself)]
    public override double SquaredError(float* output, float* target, float* gradient, int count, int rows, float scale)
    {
        var (sum, twice, stride) = (Of(0), Of(2 * scale), DenseMap.Stride(count));
        for (var row = 0; row < rows; row++, output += stride, target += stride, gradient += stride)
        {
            for (var i = 0; i < count; i += TLanes.Count)
            {
                var difference = TLanes.Subtract(TLanes.Load(output + i), TLanes.Load(target + i));
                sum = TLanes.MultiplyAdd(difference, difference, sum);
                TLanes.Store(TLanes.Multiply(difference, twice), gradient + i);
            }
        }

        return Total(sum);
    }

    // A logit of zero that pads a row adds log 2 and gets a gradient: both are taken away again.
    [MethodImpl(KernelCode.ByItself)]
    public override double BinaryCrossEntropy(float* output, float* target, float* gradient, int count, int rows, float scale)
    {
        var (sum, product, logs, factor) = (Of(0), Of(1), 0.0, Of(scale));
        var (stride, run) = (DenseMap.Stride(count), 0);
        var padding = DenseMap.Padded(count, TLanes.Count) - count;
        for (var row = 0; row < rows; row++, output += stride, target += stride, gradient += stride)
        {
            for (var i = 0; i < count; i += TLanes.Count)
            {
                Logistic(output + i, target + i, gradient + i, factor, ref sum, ref product);
                if (++run == ProductRun)
                {
                    (logs, product, run) = (logs + LogTotal(product), Of(1), 0);
                }
            }

            new Span<float>(gradient + count, padding).Clear();
        }

        return Total(sum) + logs + LogTotal(product) - (rows * padding * Math.Log(2));
    }

    // max(z, 0) - z t + log q with q = (1 - exp(-|z|)) / |z|, and the distribution's mean less t: Loaiza-Ganem and Cunningham 2019, https://arxiv.org/abs/1907.06845.
    [MethodImpl(KernelCode.ByItself)]
    public override double ContinuousBernoulli(float* output, float* target, float* gradient, int count, float scale)
    {
        var (sum, product, logs, factor) = (Of(0), Of(1), 0.0, Of(scale));
        var room = stackalloc float[2 * TLanes.Count];
        for (int i = 0, run = 0; i < count; i += TLanes.Count)
        {
            float* z = output + i, t = target + i, slope = gradient + i;
            var left = count - i;
            if (left < TLanes.Count)
            {
                TLanes.Store(Of(0), room); // a logit of zero adds nothing: q is 1
                TLanes.Store(Of(0), room + TLanes.Count);
                Copy(z, room, left);
                Copy(t, room + TLanes.Count, left);
                z = slope = room;
                t = room + TLanes.Count;
            }

            ContinuousLogistic(z, t, slope, factor, ref sum, ref product);
            if (left < TLanes.Count)
            {
                Copy(room, gradient + i, left);
            }

            if (++run == QuotientRun)
            {
                (logs, product, run) = (logs + LogTotal(product), Of(1), 0);
            }
        }

        return Total(sum) + logs + LogTotal(product);
    }

    public override double Multinomial(float* output, float* target, float* gradient, int count, float scale)
    {
        var (mass, hits) = (0.0, 0.0);
        for (var j = 0; j < count; j++)
        {
            if (target[j] != 0)
            {
                mass += target[j];
                hits += target[j] * (double)output[j];
            }
        }

        var logSum = Softmax(output, gradient, count, scale * (float)mass);
        for (var j = 0; j < count; j++)
        {
            gradient[j] -= scale * target[j];
        }

        return (mass * logSum) - hits;
    }

    public override double Multinomial(float* output, ReadOnlySpan<int> places, ReadOnlySpan<float> counts, float* gradient, int count, float scale)
    {
        var (mass, hits) = (0.0, 0.0);
        for (var entry = 0; entry < places.Length; entry++)
        {
            mass += counts[entry];
            hits += counts[entry] * (double)output[places[entry]];
        }

        var logSum = Softmax(output, gradient, count, scale * (float)mass);
        for (var entry = 0; entry < places.Length; entry++)
        {
            gradient[places[entry]] -= scale * counts[entry];
        }

        return (mass * logSum) - hits;
    }

    // gradient = weight * softmax(output); gives the logarithm of the sum of exponentials.
    [MethodImpl(KernelCode.ByItself)]
    private static double Softmax(float* output, float* gradient, int count, float weight)
    {
        var largest = Largest(output, count);
        var (sums, shift) = (Of(0), Of(-largest));
        var i = 0;
        for (; i + TLanes.Count <= count; i += TLanes.Count)
        {
            var share = Exp(TLanes.Add(TLanes.Load(output + i), shift));
            sums = TLanes.Add(sums, share);
            TLanes.Store(share, gradient + i);
        }

        if (i < count)
        {
            var room = stackalloc float[TLanes.Count];
            TLanes.Store(Of(largest + Never), room);
            Copy(output + i, room, count - i);
            var share = Exp(TLanes.Add(TLanes.Load(room), shift));
            sums = TLanes.Add(sums, share);
            TLanes.Store(share, room);
            Copy(room, gradient + i, count - i);
        }

        var total = Total(sums);
        var values = new Span<float>(gradient, count);
        TensorPrimitives.Multiply(values, (float)(weight / total), values);
        return largest + Math.Log(total);
    }

    [MethodImpl(KernelCode.ByItself)]
    private static float Largest(float* values, int count)
    {
        var largest = float.NegativeInfinity;
        var i = 0;
        if (count >= TLanes.Count)
        {
            var lanes = TLanes.Load(values);
            for (i = TLanes.Count; i + TLanes.Count <= count; i += TLanes.Count)
            {
                lanes = TLanes.Maximum(lanes, TLanes.Load(values + i));
            }

            var room = stackalloc float[TLanes.Count];
            TLanes.Store(lanes, room);
            for (var lane = 0; lane < TLanes.Count; lane++)
            {
                largest = Math.Max(largest, room[lane]);
            }
        }

        for (; i < count; i++)
        {
            largest = Math.Max(largest, values[i]);
        }

        return largest;
    }

    public override double Huber(float* output, float* target, float* gradient, int count, float scale, float delta)
    {
        var total = 0.0;
        for (var i = 0; i < count; i++)
        {
            var difference = output[i] - target[i];
            var size = Math.Abs(difference);
            total += size <= delta ? 0.5 * difference * difference : delta * (size - (0.5 * delta));
            gradient[i] = scale * Math.Clamp(difference, -delta, delta);
        }

        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Logistic(float* output, float* target, float* gradient, TVector factor, ref TVector sum, ref TVector product)
    {
        var (z, t) = (TLanes.Load(output), TLanes.Load(target));
        var e = Exp(TLanes.Minimum(z, TLanes.Subtract(Of(0), z))); // exp(-|z|)
        var onePlus = TLanes.Add(e, Of(1));
        product = TLanes.Multiply(product, onePlus);
        sum = TLanes.Add(sum, TLanes.Subtract(TLanes.Maximum(z, Of(0)), TLanes.Multiply(z, t)));
        var sigmoid = TLanes.Multiply(TLanes.WherePositive(z, Of(1), e), TLanes.Inverse(onePlus));
        TLanes.Store(TLanes.Multiply(TLanes.Subtract(sigmoid, t), factor), gradient);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ContinuousLogistic(float* output, float* target, float* gradient, TVector factor, ref TVector sum, ref TVector product)
    {
        var (z, t) = (TLanes.Load(output), TLanes.Load(target));
        var size = TLanes.Maximum(z, TLanes.Subtract(Of(0), z));
        var safe = TLanes.Maximum(size, Of(Tiny));
        var below = TLanes.Subtract(Of(0), ExpMinusOne(TLanes.Subtract(Of(0), safe))); // 1 - exp(-|z|)
        product = TLanes.Multiply(product, TLanes.Divide(below, safe));
        sum = TLanes.Add(sum, TLanes.Subtract(TLanes.Maximum(z, Of(0)), TLanes.Multiply(z, t)));

        // The mean is 1 / (1 - exp(-z)) - 1 / z. Near 0 the two cancel: there 1/2 + z/12 - z^3/720 + z^5/30240, whose next term is below 1e-6 of it.
        var far = TLanes.Subtract(TLanes.Divide(Of(1), below), TLanes.Divide(Of(1), safe));
        far = TLanes.WherePositive(z, far, TLanes.Subtract(Of(1), far));
        var square = TLanes.Multiply(z, z);
        var near = TLanes.MultiplyAdd(TLanes.MultiplyAdd(TLanes.MultiplyAdd(square, Of(1f / 30_240), Of(-1f / 720)), square, Of(1f / 12)), z, Of(0.5f));
        var mean = TLanes.WherePositive(TLanes.Subtract(size, Of(1)), far, near);
        TLanes.Store(TLanes.Multiply(TLanes.Subtract(mean, t), factor), gradient);
    }

    private static void Copy(float* source, float* target, int count) => new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>(target, count));

    // Eight factors of at most 2^64 make a number that a double holds: two logarithms for sixteen lanes.
    private static double LogTotal(TVector product)
    {
        var values = stackalloc float[TLanes.Count];
        TLanes.Store(product, values);
        var total = 0.0;
        for (var lane = 0; lane < TLanes.Count; lane += LogLanes)
        {
            var factors = 1.0;
            for (var next = lane; next < Math.Min(lane + LogLanes, TLanes.Count); next++)
            {
                factors *= values[next];
            }

            total += Math.Log(factors);
        }

        return total;
    }
}
