using System.Runtime.CompilerServices;

namespace Hourglass.Kernels;

/// <summary>Functions of values, in registers.</summary>
internal sealed unsafe partial class DenseKernels<TLanes, TVector>
{
    [MethodImpl(KernelCode.ByItself)]
    public override void Activate(DenseActivation activation, float* values, int count)
    {
        for (var i = 0; i < count && activation != DenseActivation.Linear; i += TLanes.Count)
        {
            var x = TLanes.Load(values + i);
            TLanes.Store(activation switch
            {
                DenseActivation.Sigmoid => Sigmoid(x),
                DenseActivation.Tanh => Tanh(x),
                DenseActivation.Relu => TLanes.Maximum(x, Of(0)),
                DenseActivation.LeakyRelu => TLanes.Maximum(x, TLanes.Multiply(x, Of(0.01f))),
                DenseActivation.Elu => TLanes.WherePositive(x, x, ExpMinusOne(TLanes.Minimum(x, Of(0)))),
                DenseActivation.Gelu => TLanes.Multiply(x, NormalCumulative(x)),
                DenseActivation.Silu => TLanes.Multiply(x, Sigmoid(x)),
                _ => TLanes.Add(TLanes.Maximum(x, Of(0)), LogOnePlus(Exp(TLanes.Minimum(x, TLanes.Subtract(Of(0), x))))),
            }, values + i);
        }
    }

    [MethodImpl(KernelCode.ByItself)]
    public override void ActivateBack(DenseActivation activation, float* before, float* after, float* gradients, int count)
    {
        for (var i = 0; i < count && activation != DenseActivation.Linear; i += TLanes.Count)
        {
            var y = TLanes.Load(after + i);
            var slope = activation switch
            {
                DenseActivation.Sigmoid => TLanes.Multiply(y, TLanes.Subtract(Of(1), y)),
                DenseActivation.Tanh => TLanes.Subtract(Of(1), TLanes.Multiply(y, y)),
                DenseActivation.Relu => TLanes.WherePositive(y, Of(1), Of(0)),
                DenseActivation.LeakyRelu => TLanes.WherePositive(y, Of(1), Of(0.01f)),
                DenseActivation.Elu => TLanes.WherePositive(y, Of(1), TLanes.Add(y, Of(1))),
                DenseActivation.Gelu => GeluSlope(TLanes.Load(before + i)),
                DenseActivation.Silu => SiluSlope(TLanes.Load(before + i)),
                _ => TLanes.Subtract(Of(1), Exp(TLanes.Subtract(Of(0), y))), // softplus: its slope is 1 - exp(-y)
            };
            TLanes.Store(TLanes.Multiply(slope, TLanes.Load(gradients + i)), gradients + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Of(float value) => TLanes.Broadcast(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Sigmoid(TVector x) => TLanes.Divide(Of(1), TLanes.Add(Of(1), Exp(TLanes.Subtract(Of(0), x))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Tanh(TVector x)
    {
        var e = ExpMinusOne(TLanes.Add(x, x));
        return TLanes.Divide(e, TLanes.Add(e, Of(2)));
    }

    // exp(x) - 1 without losing the digits of a small x: 2^n (exp(r) - 1) + (2^n - 1).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector ExpMinusOne(TVector x)
    {
        var (power, excess) = Reduce(x);
        return TLanes.MultiplyAdd(power, excess, TLanes.Subtract(power, Of(1)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Exp(TVector x)
    {
        var (power, excess) = Reduce(x);
        return TLanes.MultiplyAdd(power, excess, power);
    }

    // x = n ln 2 + r: gives 2^n and exp(r) - 1, a Taylor polynomial on |r| <= ln 2 / 2 that is exact to float32. Cody and Waite 1980 split ln 2 in two.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (TVector Power, TVector Excess) Reduce(TVector x)
    {
        x = TLanes.Minimum(TLanes.Maximum(x, Of(-87)), Of(88));
        var n = TLanes.Round(TLanes.Multiply(x, Of(1.44269504f)));
        var r = TLanes.MultiplyAdd(n, Of(-0.693359375f), x);
        r = TLanes.MultiplyAdd(n, Of(2.12194440e-4f), r);
        var p = TLanes.MultiplyAdd(r, Of(1f / 5040), Of(1f / 720));
        p = TLanes.MultiplyAdd(p, r, Of(1f / 120));
        p = TLanes.MultiplyAdd(p, r, Of(1f / 24));
        p = TLanes.MultiplyAdd(p, r, Of(1f / 6));
        p = TLanes.MultiplyAdd(p, r, Of(0.5f));
        return (TLanes.PowerOfTwo(n), TLanes.MultiplyAdd(TLanes.Multiply(r, r), p, r));
    }

    // log(1 + e) for e in [0, 1], as 2 artanh(s) with s = e / (2 + e) <= 1/3.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector LogOnePlus(TVector e)
    {
        var s = TLanes.Divide(e, TLanes.Add(e, Of(2)));
        var q = TLanes.Multiply(s, s);
        var p = TLanes.MultiplyAdd(q, Of(1f / 13), Of(1f / 11));
        p = TLanes.MultiplyAdd(p, q, Of(1f / 9));
        p = TLanes.MultiplyAdd(p, q, Of(1f / 7));
        p = TLanes.MultiplyAdd(p, q, Of(1f / 5));
        p = TLanes.MultiplyAdd(p, q, Of(1f / 3));
        p = TLanes.MultiplyAdd(p, q, Of(1));
        return TLanes.Multiply(TLanes.Add(s, s), p);
    }

    // Phi(x), by the complementary error function: Abramowitz and Stegun 1964, 7.1.26, to 1.5e-7.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector NormalCumulative(TVector x)
    {
        var z = TLanes.Multiply(TLanes.Maximum(x, TLanes.Subtract(Of(0), x)), Of(0.707106781f));
        var t = TLanes.Divide(Of(1), TLanes.MultiplyAdd(z, Of(0.3275911f), Of(1)));
        var p = TLanes.MultiplyAdd(t, Of(1.061405429f), Of(-1.453152027f));
        p = TLanes.MultiplyAdd(p, t, Of(1.421413741f));
        p = TLanes.MultiplyAdd(p, t, Of(-0.284496736f));
        p = TLanes.MultiplyAdd(p, t, Of(0.254829592f));
        var tail = TLanes.Multiply(TLanes.Multiply(TLanes.Multiply(p, t), Exp(TLanes.Subtract(Of(0), TLanes.Multiply(z, z)))), Of(0.5f));
        return TLanes.WherePositive(x, TLanes.Subtract(Of(1), tail), tail);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector GeluSlope(TVector x)
    {
        var density = TLanes.Multiply(Exp(TLanes.Multiply(TLanes.Multiply(x, x), Of(-0.5f))), Of(0.398942280f));
        return TLanes.MultiplyAdd(x, density, NormalCumulative(x));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector SiluSlope(TVector x)
    {
        var s = Sigmoid(x);
        return TLanes.Multiply(s, TLanes.MultiplyAdd(x, TLanes.Subtract(Of(1), s), Of(1)));
    }

    private static double Total(TVector sums)
    {
        var values = stackalloc float[TLanes.Count];
        TLanes.Store(sums, values);
        var total = 0.0;
        for (var lane = 0; lane < TLanes.Count; lane++)
        {
            total += values[lane];
        }

        return total;
    }
}
