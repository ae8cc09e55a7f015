using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Hourglass.Kernels;

/// <summary>Products of eight places of pictures that stay where they are, neither gathered nor turned over.</summary>
internal sealed unsafe partial class DenseKernels<TLanes, TVector>
{
    public override void PlaceTile(float** places, in PlaceSteps steps, float* rows, float* start, nint startStride, float* target, nint stride, int left)
    {
        for (var column = 0; column < Width; column += 2 * TLanes.Count)
        {
            if (left - column <= TLanes.Count)
            {
                NarrowPlaces(places, steps, rows + column, left > column, start + column, startStride, target + column, stride);
            }
            else if (TLanes.HasManyRegisters)
            {
                EightPlaces(places, steps, rows + column, start + column, startStride, target + column, stride);
            }
            else
            {
                FourPlaces(places, steps, rows + column, start + column, startStride, target + column, stride);
                FourPlaces(places + 4, steps, rows + column, start + column + (4 * startStride), startStride, target + column + (4 * stride), stride);
            }
        }
    }

    // What only pads the rows is zero.
    [SuppressMessage("Design", "MA0051", Justification = "Unrolled: eight sums live in registers.")]
    [MethodImpl(KernelCode.ByItself)]
    private static void NarrowPlaces(float** places, in PlaceSteps steps, float* rows, bool isFilled, float* start, nint startStride, float* target, nint stride)
    {
        var (p0, p1, p2, p3) = (Of(places, 0), Of(places, 1), Of(places, 2), Of(places, 3));
        var (p4, p5, p6, p7) = (Of(places, 4), Of(places, 5), Of(places, 6), Of(places, 7));
        var (s0, s1) = (TLanes.Load(start), TLanes.Load(start + startStride));
        var (s2, s3) = (TLanes.Load(start + (2 * startStride)), TLanes.Load(start + (3 * startStride)));
        var (s4, s5) = (TLanes.Load(start + (4 * startStride)), TLanes.Load(start + (5 * startStride)));
        var (s6, s7) = (TLanes.Load(start + (6 * startStride)), TLanes.Load(start + (7 * startStride)));
        var (step, rowStep, line) = (steps.Step, steps.RowStep, steps.Start);
        for (var lines = isFilled ? steps.Lines : 0; lines > 0; lines--, line += steps.LineStep, rows += steps.RowSkip)
        {
            var at = line;
            for (var count = steps.Steps; count > 0; count--, at += step, rows += rowStep)
            {
                var values = TLanes.Load(rows);
                s0 = TLanes.MultiplyAdd(TLanes.Broadcast(((float*)p0)[at]), values, s0);
                s1 = TLanes.MultiplyAdd(TLanes.Broadcast(((float*)p1)[at]), values, s1);
                s2 = TLanes.MultiplyAdd(TLanes.Broadcast(((float*)p2)[at]), values, s2);
                s3 = TLanes.MultiplyAdd(TLanes.Broadcast(((float*)p3)[at]), values, s3);
                s4 = TLanes.MultiplyAdd(TLanes.Broadcast(((float*)p4)[at]), values, s4);
                s5 = TLanes.MultiplyAdd(TLanes.Broadcast(((float*)p5)[at]), values, s5);
                s6 = TLanes.MultiplyAdd(TLanes.Broadcast(((float*)p6)[at]), values, s6);
                s7 = TLanes.MultiplyAdd(TLanes.Broadcast(((float*)p7)[at]), values, s7);
            }
        }

        var zero = TLanes.Broadcast(0);
        Store(target, s0, zero);
        Store(target + stride, s1, zero);
        Store(target + (2 * stride), s2, zero);
        Store(target + (3 * stride), s3, zero);
        Store(target + (4 * stride), s4, zero);
        Store(target + (5 * stride), s5, zero);
        Store(target + (6 * stride), s6, zero);
        Store(target + (7 * stride), s7, zero);
    }

    [SuppressMessage("Design", "MA0051", Justification = "Unrolled: sixteen sums live in registers.")]
    [MethodImpl(KernelCode.ByItself)]
    private static void EightPlaces(float** places, in PlaceSteps steps, float* rows, float* start, nint startStride, float* target, nint stride)
    {
        var (p0, p1, p2, p3) = (Of(places, 0), Of(places, 1), Of(places, 2), Of(places, 3));
        var (p4, p5, p6, p7) = (Of(places, 4), Of(places, 5), Of(places, 6), Of(places, 7));
        var (a0, b0) = Pair(start);
        var (a1, b1) = Pair(start + startStride);
        var (a2, b2) = Pair(start + (2 * startStride));
        var (a3, b3) = Pair(start + (3 * startStride));
        var (a4, b4) = Pair(start + (4 * startStride));
        var (a5, b5) = Pair(start + (5 * startStride));
        var (a6, b6) = Pair(start + (6 * startStride));
        var (a7, b7) = Pair(start + (7 * startStride));
        var (step, rowStep, line) = (steps.Step, steps.RowStep, steps.Start);
        for (var lines = steps.Lines; lines > 0; lines--, line += steps.LineStep, rows += steps.RowSkip)
        {
            var at = line;
            for (var count = steps.Steps; count > 0; count--, at += step, rows += rowStep)
            {
                var (left, right) = Pair(rows);
                var x = TLanes.Broadcast(((float*)p0)[at]);
                a0 = TLanes.MultiplyAdd(x, left, a0);
                b0 = TLanes.MultiplyAdd(x, right, b0);
                x = TLanes.Broadcast(((float*)p1)[at]);
                a1 = TLanes.MultiplyAdd(x, left, a1);
                b1 = TLanes.MultiplyAdd(x, right, b1);
                x = TLanes.Broadcast(((float*)p2)[at]);
                a2 = TLanes.MultiplyAdd(x, left, a2);
                b2 = TLanes.MultiplyAdd(x, right, b2);
                x = TLanes.Broadcast(((float*)p3)[at]);
                a3 = TLanes.MultiplyAdd(x, left, a3);
                b3 = TLanes.MultiplyAdd(x, right, b3);
                x = TLanes.Broadcast(((float*)p4)[at]);
                a4 = TLanes.MultiplyAdd(x, left, a4);
                b4 = TLanes.MultiplyAdd(x, right, b4);
                x = TLanes.Broadcast(((float*)p5)[at]);
                a5 = TLanes.MultiplyAdd(x, left, a5);
                b5 = TLanes.MultiplyAdd(x, right, b5);
                x = TLanes.Broadcast(((float*)p6)[at]);
                a6 = TLanes.MultiplyAdd(x, left, a6);
                b6 = TLanes.MultiplyAdd(x, right, b6);
                x = TLanes.Broadcast(((float*)p7)[at]);
                a7 = TLanes.MultiplyAdd(x, left, a7);
                b7 = TLanes.MultiplyAdd(x, right, b7);
            }
        }

        Store(target, a0, b0);
        Store(target + stride, a1, b1);
        Store(target + (2 * stride), a2, b2);
        Store(target + (3 * stride), a3, b3);
        Store(target + (4 * stride), a4, b4);
        Store(target + (5 * stride), a5, b5);
        Store(target + (6 * stride), a6, b6);
        Store(target + (7 * stride), a7, b7);
    }

    [MethodImpl(KernelCode.ByItself)]
    private static void FourPlaces(float** places, in PlaceSteps steps, float* rows, float* start, nint startStride, float* target, nint stride)
    {
        var (p0, p1, p2, p3) = (Of(places, 0), Of(places, 1), Of(places, 2), Of(places, 3));
        var (a0, b0) = Pair(start);
        var (a1, b1) = Pair(start + startStride);
        var (a2, b2) = Pair(start + (2 * startStride));
        var (a3, b3) = Pair(start + (3 * startStride));
        var (step, rowStep, line) = (steps.Step, steps.RowStep, steps.Start);
        for (var lines = steps.Lines; lines > 0; lines--, line += steps.LineStep, rows += steps.RowSkip)
        {
            var at = line;
            for (var count = steps.Steps; count > 0; count--, at += step, rows += rowStep)
            {
                var (left, right) = Pair(rows);
                var x = TLanes.Broadcast(((float*)p0)[at]);
                a0 = TLanes.MultiplyAdd(x, left, a0);
                b0 = TLanes.MultiplyAdd(x, right, b0);
                x = TLanes.Broadcast(((float*)p1)[at]);
                a1 = TLanes.MultiplyAdd(x, left, a1);
                b1 = TLanes.MultiplyAdd(x, right, b1);
                x = TLanes.Broadcast(((float*)p2)[at]);
                a2 = TLanes.MultiplyAdd(x, left, a2);
                b2 = TLanes.MultiplyAdd(x, right, b2);
                x = TLanes.Broadcast(((float*)p3)[at]);
                a3 = TLanes.MultiplyAdd(x, left, a3);
                b3 = TLanes.MultiplyAdd(x, right, b3);
            }
        }

        Store(target, a0, b0);
        Store(target + stride, a1, b1);
        Store(target + (2 * stride), a2, b2);
        Store(target + (3 * stride), a3, b3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Of(float** places, int number) => (nint)places[number];
}
