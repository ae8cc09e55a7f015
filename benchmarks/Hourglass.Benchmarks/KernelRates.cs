using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics;
using Hourglass.Kernels;
using Hourglass.Training.Steps;

namespace Hourglass.Benchmarks;

/// <summary>What each kernel makes of the processor, on one thread, beside its multiply-add peak in the same run.</summary>
internal static unsafe class KernelRates
{
    private static readonly DenseKernels Kernels = DenseKernels.Widest;

    public static int Run()
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"multiply-add peak {Peak():0} GFLOP/s, {Kernels.Bits}-bit vectors"));
        foreach (var (inputs, outputs, rows) in new[] { (784, 128, 32), (128, 784, 32), (784, 128, 256), (128, 784, 256), (128, 32, 32), (400, 784, 128), (64, 32, 256) })
        {
            Measure(inputs, outputs, rows);
        }

        return 0;
    }

    private static void Measure(int inputs, int outputs, int rows)
    {
        using var weights = new AlignedFloats(DenseMap.Length(inputs, outputs));
        using var backMemory = new AlignedFloats(DenseMap.Length(outputs, inputs));
        using var moments = new AlignedFloats(2 * weights.Length);
        using var x = new AlignedFloats((long)rows * DenseMap.Stride(inputs));
        using var y = new AlignedFloats((long)rows * DenseMap.Stride(outputs));
        using var scratch = new AlignedFloats(8L * DenseMap.Stride(inputs));
        var random = new Random(1);
        foreach (ref var value in x.Span(0, (int)x.Length))
        {
            value = random.NextSingle();
        }

        foreach (ref var value in y.Span(0, (int)y.Length))
        {
            value = random.NextSingle();
        }

        var map = DenseMap.Over(inputs, outputs, weights.Pointer);
        var operations = 2.0 * inputs * outputs * rows;
        var tiles = map.Tiles;
        var back = DenseMap.Over(outputs, inputs, backMemory.Pointer);
        var keep = new KeepRule(weights.Pointer, moments.Pointer, default);
        var adam = new AdamRule(weights.Pointer, moments.Pointer, moments.Pointer + weights.Length, AdamStep.Of(0.001, 1000, 0, 1), default);
        var (xs, ys, sc) = ((IntPtr)x.Pointer, (IntPtr)y.Pointer, (IntPtr)scratch.Pointer);
        var forward = Rate(() => Kernels.Map(map, (float*)xs, (float*)ys, rows, (float*)sc), operations);
        var transpose = Rate(() => Kernels.Transpose(map, back, 0, tiles), 1.0 * inputs * outputs);
        var gradient = Rate(() => Kernels.Gradient(map, (float*)xs, (float*)ys, rows, 0, tiles, keep), operations);
        var update = Rate(() => Kernels.Gradient(map, (float*)xs, (float*)ys, rows, 0, tiles, adam), operations);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{inputs,4} x {outputs,4}, {rows,3} rows: forward {forward,4:0}, gradient {gradient,4:0}, gradient with adam {update,4:0} GFLOP/s, transpose {transpose,4:0.0} G/s"));
    }

    private static double Rate(Action work, double operations)
    {
        var best = 0.0;
        for (var round = 0; round < 20; round++)
        {
            var (clock, count) = (Stopwatch.StartNew(), 0);
            while (clock.ElapsedMilliseconds < 10)
            {
                work();
                count++;
            }

            best = Math.Max(best, operations * count / clock.Elapsed.TotalSeconds / 1e9);
        }

        return best;
    }

    // Twelve independent sums: enough to fill the pipeline.
    private static double Peak()
    {
        const int Steps = 10_000;
        return Rate(() => Sums(Steps), 2.0 * 12 * Steps * (Kernels.Bits / 32));
    }

    private static void Sums(int steps)
    {
        var (x, y) = (Vector512.Create(1.0000001f), Vector512.Create(1e-9f));
        var (a, b, c, d, e, f) = (x, x, x, x, x, x);
        var (g, h, i, j, k, l) = (x, x, x, x, x, x);
        for (; steps > 0; steps--)
        {
            a = Vector512.FusedMultiplyAdd(a, x, y);
            b = Vector512.FusedMultiplyAdd(b, x, y);
            c = Vector512.FusedMultiplyAdd(c, x, y);
            d = Vector512.FusedMultiplyAdd(d, x, y);
            e = Vector512.FusedMultiplyAdd(e, x, y);
            f = Vector512.FusedMultiplyAdd(f, x, y);
            g = Vector512.FusedMultiplyAdd(g, x, y);
            h = Vector512.FusedMultiplyAdd(h, x, y);
            i = Vector512.FusedMultiplyAdd(i, x, y);
            j = Vector512.FusedMultiplyAdd(j, x, y);
            k = Vector512.FusedMultiplyAdd(k, x, y);
            l = Vector512.FusedMultiplyAdd(l, x, y);
        }

        _sink = Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }

    private static float _sink;
}
