using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Hourglass.Kernels;

namespace Hourglass.Benchmarks;

/// <summary>What one core multiplies and adds at most, in the vectors that the kernels use.</summary>
internal static unsafe class MultiplyAddPeak
{
    private const int Steps = 10_000;
    private const int Sums = 12; // independent: enough to fill the pipeline
    private static readonly AlignedFloats Sink = new(16);
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(10);

    /// <summary>The best of some windows, in operations a second.</summary>
    public static double Measure(int windows = 5) => Best(Work, 2.0 * Sums * Steps * (DenseKernels.Widest.Bits / 32), windows);

    /// <summary>The best rate of some windows.</summary>
    public static double Best(Action work, double operations, int windows)
    {
        var best = 0.0;
        for (var round = 0; round < windows; round++)
        {
            var (clock, count) = (Stopwatch.StartNew(), 0);
            while (clock.Elapsed < Window)
            {
                work();
                count++;
            }

            best = Math.Max(best, operations * count / clock.Elapsed.TotalSeconds);
        }

        return best;
    }

    private static void Work()
    {
        switch (DenseKernels.Widest.Bits)
        {
            case 512:
                Multiply<Lanes512, Vector512<float>>();
                break;
            case 256:
                Multiply<Lanes256, Vector256<float>>();
                break;
            default:
                Multiply<Lanes128, Vector128<float>>();
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        var (x, y) = (TLanes.Broadcast(1.0000001f), TLanes.Broadcast(1e-9f));
        var (a, b, c, d, e, f) = (x, x, x, x, x, x);
        var (g, h, i, j, k, l) = (x, x, x, x, x, x);
        for (var step = 0; step < Steps; step++)
        {
            a = TLanes.MultiplyAdd(a, x, y);
            b = TLanes.MultiplyAdd(b, x, y);
            c = TLanes.MultiplyAdd(c, x, y);
            d = TLanes.MultiplyAdd(d, x, y);
            e = TLanes.MultiplyAdd(e, x, y);
            f = TLanes.MultiplyAdd(f, x, y);
            g = TLanes.MultiplyAdd(g, x, y);
            h = TLanes.MultiplyAdd(h, x, y);
            i = TLanes.MultiplyAdd(i, x, y);
            j = TLanes.MultiplyAdd(j, x, y);
            k = TLanes.MultiplyAdd(k, x, y);
            l = TLanes.MultiplyAdd(l, x, y);
        }

        a = TLanes.Add(TLanes.Add(TLanes.Add(a, b), TLanes.Add(c, d)), TLanes.Add(TLanes.Add(e, f), TLanes.Add(g, h)));
        TLanes.Store(TLanes.Add(a, TLanes.Add(TLanes.Add(i, j), TLanes.Add(k, l))), Sink.Pointer); // so that no sum is left out
    }
}
