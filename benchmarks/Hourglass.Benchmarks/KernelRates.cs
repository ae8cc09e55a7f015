using System.Globalization;
using Hourglass.Kernels;
using Hourglass.Training.Steps;

namespace Hourglass.Benchmarks;

/// <summary>What each kernel makes of the processor, on one thread, beside its multiply-add peak in the same run.</summary>
internal static unsafe class KernelRates
{
    private static readonly DenseKernels Kernels = DenseKernels.Widest;

    public static int Run()
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"multiply-add peak {MultiplyAddPeak.Measure(windows: 20) / 1e9:0} GFLOP/s, {Kernels.Bits}-bit vectors"));
        foreach (var (inputs, outputs, rows) in new[] { (784, 128, 32), (128, 784, 32), (784, 128, 256), (128, 784, 256), (128, 32, 32), (400, 784, 128), (64, 32, 256), (600, 20_000, 256), (20_000, 600, 256) })
        {
            Measure(inputs, outputs, rows);
        }

        FilledRates.Run();
        ConvolutionRates.Run();
        return 0;
    }

    private static void Measure(int inputs, int outputs, int rows)
    {
        using var weights = new AlignedFloats(DenseMap.Length(inputs, outputs));
        using var backMemory = new AlignedFloats(DenseMap.Length(outputs, inputs));
        using var moments = new AlignedFloats(2 * weights.Length);
        using var x = new AlignedFloats((long)rows * DenseMap.Stride(inputs));
        using var y = new AlignedFloats((long)rows * DenseMap.Stride(outputs));
        using var scratch = new AlignedFloats(Math.Max(8L * DenseMap.Stride(inputs), DenseKernels.BlockRows * DenseKernels.BlockInputs));
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
        var keep = new KeepRule(weights.Pointer, moments.Pointer, default, true);
        var adam = new AdamRule(weights.Pointer, moments.Pointer, moments.Pointer + weights.Length, AdamStep.Of(0.001, 1000, 0, 1), default);
        var (xs, ys, sc) = ((IntPtr)x.Pointer, (IntPtr)y.Pointer, (IntPtr)scratch.Pointer);
        var forward = Rate(map.IsLarge ? () => Kernels.MapBlocks(map, (float*)xs, (float*)ys, rows, (float*)sc) : () => Kernels.Map(map, (float*)xs, (float*)ys, rows, (float*)sc), operations);
        var transpose = Rate(() => Kernels.Transpose(map, back, 0, tiles), 1.0 * inputs * outputs);
        var gradient = Rate(() => Kernels.Gradient(map, (float*)xs, (float*)ys, rows, 0, tiles, keep, map.IsLarge ? (float*)sc : null), operations);
        var update = Rate(() => Kernels.Gradient(map, (float*)xs, (float*)ys, rows, 0, tiles, adam, map.IsLarge ? (float*)sc : null), operations);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{inputs,4} x {outputs,4}, {rows,3} rows: forward {forward,4:0}, gradient {gradient,4:0}, gradient with adam {update,4:0} GFLOP/s, transpose {transpose,4:0.0} G/s"));
    }

    private static double Rate(Action work, double operations) => MultiplyAddPeak.Best(work, operations, windows: 20) / 1e9;
}
