using System.Globalization;
using Hourglass.Kernels;
using Hourglass.Training.Steps;

namespace Hourglass.Benchmarks;

/// <summary>Products that pass zeros by, beside those that take every value: from how few zeros on they gain.</summary>
internal static unsafe class FilledRates
{
    private const int StrokeWidth = 5; // neighbours that are filled together, on average, as where a pen has passed; 1: in no order
    private static readonly DenseKernels Kernels = DenseKernels.Widest;

    public static void Run()
    {
        Console.WriteLine("Passing zeros by, GFLOP/s as if every value were multiplied:");
        foreach (var (inputs, outputs, rows) in new[] { (784, 128, 32), (784, 128, 256), (784, 400, 128), (128, 784, 256) })
        {
            foreach (var filled in new[] { 0.1, 0.2, 0.3, 0.5, 0.7, 1 })
            {
                Measure(inputs, outputs, rows, filled, StrokeWidth);
            }

            Measure(inputs, outputs, rows, 0.3, 1);
            Measure(inputs, outputs, rows, 0.5, 1);
        }
    }

    private static void Measure(int inputs, int outputs, int rows, double filled, int stroke)
    {
        using var weights = new AlignedFloats(DenseMap.Length(inputs, outputs));
        using var gradients = new AlignedFloats(weights.Length);
        using var x = new AlignedFloats((long)rows * DenseMap.Stride(inputs));
        using var y = new AlignedFloats((long)rows * DenseMap.Stride(outputs));
        using var scratch = new AlignedFloats(Math.Max(DenseKernels.BlockRows * DenseKernels.BlockInputs, Math.Max(2L * Kernels.FilledRows(inputs) * DenseMap.Stride(inputs), 16L * rows)));
        var random = new Random(1);
        for (var row = 0; row < rows; row++)
        {
            Fill(x.Span(row * DenseMap.Stride(inputs), inputs), filled, stroke, random);
        }

        var (map, operations, large) = (DenseMap.Over(inputs, outputs, weights.Pointer), 2.0 * inputs * outputs * rows, DenseMap.Over(inputs, outputs, weights.Pointer).IsLarge);
        var keep = new KeepRule(weights.Pointer, gradients.Pointer, default, true);
        var (xs, ys, room) = ((IntPtr)x.Pointer, (IntPtr)y.Pointer, (IntPtr)scratch.Pointer);
        var products = new RowProducts(x.Pointer, y.Pointer);
        var forward = Rate(() => Kernels.MapFilled(map, (float*)xs, (float*)ys, rows, (float*)room), operations);
        var all = Rate(large ? () => Kernels.MapBlocks(map, (float*)xs, (float*)ys, rows, (float*)room) : () => Kernels.Map(map, (float*)xs, (float*)ys, rows, (float*)room), operations);
        var gradient = Rate(() => Kernels.GradientFilled(map, products, default, rows, 0, map.PaddedInputs / DenseMap.TileRows, keep, (float*)room), operations);
        var allGradient = Rate(() => Kernels.Gradient(map, products, default, rows, 0, map.Tiles, keep, large ? (float*)room : null), operations);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{inputs,4} x {outputs,4}, {rows,3} rows, {100 * filled,3:0} % filled, strokes of {stroke}: forward {forward,4:0} (all values {all,4:0}), gradient {gradient,4:0} ({allGradient,4:0})"));
    }

    private static void Fill(Span<float> row, double filled, int stroke, Random random)
    {
        var isInk = false;
        for (var place = 0; place < row.Length; place++)
        {
            isInk = random.Next(stroke) == 0 ? random.NextDouble() < filled : isInk;
            row[place] = isInk ? 1 - random.NextSingle() : 0;
        }
    }

    private static double Rate(Action work, double operations) => MultiplyAddPeak.Best(work, operations, windows: 20) / 1e9;
}
