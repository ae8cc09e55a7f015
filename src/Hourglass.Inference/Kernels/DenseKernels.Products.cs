using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Hourglass.Kernels;

/// <summary>The kernels for one width of registers.</summary>
internal sealed unsafe partial class DenseKernels<TLanes, TVector> : DenseKernels
    where TLanes : ILanes<TVector>
    where TVector : struct
{
    private const int Width = DenseMap.PanelWidth;
    private const int Rows = DenseMap.TileRows;

    public override int Bits => TLanes.Count * 32;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Map(in DenseMap map, float* x, float* y, int rows, float* scratch)
    {
        var (inputStride, outputStride) = (DenseMap.Stride(map.Inputs), DenseMap.Stride(map.Outputs));
        for (var row = 0; row < rows; row += Rows)
        {
            Interleave(x + ((long)row * inputStride), inputStride, map.Inputs, scratch);
            for (var column = 0; column < outputStride; column += 2 * TLanes.Count)
            {
                var panel = map.Weights + ((long)(column / Width) * map.PanelLength) + (column % Width);
                Tile(scratch, Rows, panel, Width, map.Inputs, map.Bias + column, y + ((long)row * outputStride) + column, outputStride);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Gradient<TRule>(in DenseMap map, float* x, float* dy, int rows, int firstTile, int lastTile, TRule rule)
    {
        var (inputStride, outputStride, tiles) = (DenseMap.Stride(map.Inputs), DenseMap.Stride(map.Outputs), map.PaddedInputs / Rows);
        var sums = stackalloc float[Rows * Width];
        var zeros = stackalloc float[2 * TLanes.Count];
        for (var tile = firstTile; tile < lastTile; tile++)
        {
            var (panel, input) = (tile / tiles, tile % tiles * Rows);
            for (var column = 0; column < Width; column += 2 * TLanes.Count)
            {
                Tile(x + input, inputStride, dy + (panel * Width) + column, outputStride, rows, zeros, sums + column, Width);
            }

            Apply(map.Weights + ((long)panel * map.PanelLength) + ((long)input * Width), sums, Rows * Width, isBias: false, rule); // a tile lies in one run
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void BiasGradient<TRule>(in DenseMap map, float* dy, int rows, TRule rule)
    {
        var stride = DenseMap.Stride(map.Outputs);
        for (var column = 0; column < stride; column += TLanes.Count)
        {
            var sum = TLanes.Broadcast(0);
            for (var row = 0L; row < rows; row++)
            {
                sum = TLanes.Add(sum, TLanes.Load(dy + (row * stride) + column));
            }

            rule.Take<TLanes, TVector>(map.Bias + column, sum, isBias: true);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Apply<TRule>(float* parameters, float* gradients, long count, bool isBias, TRule rule)
    {
        for (var i = 0L; i < count; i += TLanes.Count)
        {
            rule.Take<TLanes, TVector>(parameters + i, TLanes.Load(gradients + i), isBias);
        }
    }

    public override void Transpose(in DenseMap map, in DenseMap transposed, int firstTile, int lastTile)
    {
        var tiles = map.PaddedInputs / Rows;
        for (var tile = firstTile; tile < lastTile; tile++)
        {
            var (panel, input) = (tile / tiles, tile % tiles * Rows);
            var source = map.Weights + ((long)panel * map.PanelLength) + ((long)input * Width);
            var target = transposed.Weights + ((long)(input / Width) * transposed.PanelLength) + ((long)panel * Width * Width) + (input % Width);
            for (var output = 0; output < Width && (panel * Width) + output < transposed.PaddedInputs; output += Rows)
            {
                TransposeBlock(source + output, Width, target + ((long)output * Width), Width);
            }
        }
    }

    // Eight rows side by side, [input][row]: the product then reads one run of memory.
    private static void Interleave(float* x, long stride, int inputs, float* target)
    {
        for (var input = 0; input < inputs; input += Rows)
        {
            TransposeBlock(x + input, stride, target + ((long)input * Rows), Rows);
        }
    }

    // Eight rows of eight become eight columns.
    private static void TransposeBlock(float* source, long stride, float* target, long targetStride)
    {
        if (!Avx.IsSupported)
        {
            for (var place = 0; place < Rows * Rows; place++)
            {
                target[(place % Rows * targetStride) + (place / Rows)] = source[(place / Rows * stride) + (place % Rows)];
            }

            return;
        }

        for (var half = 0; half < 8; half += 4)
        {
            var row = source + half;
            var (a, b) = (Pair(row, stride, 0), Pair(row, stride, 1));
            var (c, d) = (Pair(row, stride, 2), Pair(row, stride, 3));
            var (low, high) = (Avx.UnpackLow(a, b), Avx.UnpackHigh(a, b));
            var (next, last) = (Avx.UnpackLow(c, d), Avx.UnpackHigh(c, d));
            var column = target + (half * targetStride);
            Avx.Shuffle(low, next, 0x44).Store(column);
            Avx.Shuffle(low, next, 0xEE).Store(column + targetStride);
            Avx.Shuffle(high, last, 0x44).Store(column + (2 * targetStride));
            Avx.Shuffle(high, last, 0xEE).Store(column + (3 * targetStride));
        }
    }

    // Four values of one row and of the fourth after it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Pair(float* row, long stride, int number) => Vector256.Create(Vector128.Load(row + (number * stride)), Vector128.Load(row + ((number + 4) * stride)));

    // target[row, column] = start[column] + sum over steps of a[step, row] * b[step, column], for eight rows and two registers.
    private static void Tile(float* a, nint aStep, float* b, nint bStep, nint steps, float* start, float* target, nint stride)
    {
        if (TLanes.HasManyRegisters)
        {
            EightRows(a, aStep, b, bStep, steps, start, target, stride);
        }
        else
        {
            FourRows(a, aStep, b, bStep, steps, start, target, stride);
            FourRows(a + 4, aStep, b, bStep, steps, start, target + (4 * stride), stride);
        }
    }

    [SuppressMessage("Design", "MA0051", Justification = "Unrolled: sixteen sums live in registers.")]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void EightRows(float* a, nint aStep, float* b, nint bStep, nint steps, float* start, float* target, nint stride)
    {
        var (left, right) = (TLanes.Load(start), TLanes.Load(start + TLanes.Count));
        var (a0, a1, a2, a3, a4, a5, a6, a7) = (left, left, left, left, left, left, left, left);
        var (b0, b1, b2, b3, b4, b5, b6, b7) = (right, right, right, right, right, right, right, right);
        for (; steps > 0; steps--)
        {
            (left, right) = (TLanes.Load(b), TLanes.Load(b + TLanes.Count));
            var x = TLanes.Broadcast(a[0]);
            a0 = TLanes.MultiplyAdd(x, left, a0);
            b0 = TLanes.MultiplyAdd(x, right, b0);
            x = TLanes.Broadcast(a[1]);
            a1 = TLanes.MultiplyAdd(x, left, a1);
            b1 = TLanes.MultiplyAdd(x, right, b1);
            x = TLanes.Broadcast(a[2]);
            a2 = TLanes.MultiplyAdd(x, left, a2);
            b2 = TLanes.MultiplyAdd(x, right, b2);
            x = TLanes.Broadcast(a[3]);
            a3 = TLanes.MultiplyAdd(x, left, a3);
            b3 = TLanes.MultiplyAdd(x, right, b3);
            x = TLanes.Broadcast(a[4]);
            a4 = TLanes.MultiplyAdd(x, left, a4);
            b4 = TLanes.MultiplyAdd(x, right, b4);
            x = TLanes.Broadcast(a[5]);
            a5 = TLanes.MultiplyAdd(x, left, a5);
            b5 = TLanes.MultiplyAdd(x, right, b5);
            x = TLanes.Broadcast(a[6]);
            a6 = TLanes.MultiplyAdd(x, left, a6);
            b6 = TLanes.MultiplyAdd(x, right, b6);
            x = TLanes.Broadcast(a[7]);
            a7 = TLanes.MultiplyAdd(x, left, a7);
            b7 = TLanes.MultiplyAdd(x, right, b7);
            a += aStep;
            b += bStep;
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourRows(float* a, nint aStep, float* b, nint bStep, nint steps, float* start, float* target, nint stride)
    {
        var (left, right) = (TLanes.Load(start), TLanes.Load(start + TLanes.Count));
        var (a0, a1, a2, a3) = (left, left, left, left);
        var (b0, b1, b2, b3) = (right, right, right, right);
        for (; steps > 0; steps--)
        {
            (left, right) = (TLanes.Load(b), TLanes.Load(b + TLanes.Count));
            var x = TLanes.Broadcast(a[0]);
            a0 = TLanes.MultiplyAdd(x, left, a0);
            b0 = TLanes.MultiplyAdd(x, right, b0);
            x = TLanes.Broadcast(a[1]);
            a1 = TLanes.MultiplyAdd(x, left, a1);
            b1 = TLanes.MultiplyAdd(x, right, b1);
            x = TLanes.Broadcast(a[2]);
            a2 = TLanes.MultiplyAdd(x, left, a2);
            b2 = TLanes.MultiplyAdd(x, right, b2);
            x = TLanes.Broadcast(a[3]);
            a3 = TLanes.MultiplyAdd(x, left, a3);
            b3 = TLanes.MultiplyAdd(x, right, b3);
            a += aStep;
            b += bStep;
        }

        Store(target, a0, b0);
        Store(target + stride, a1, b1);
        Store(target + (2 * stride), a2, b2);
        Store(target + (3 * stride), a3, b3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* target, TVector left, TVector right)
    {
        TLanes.Store(left, target);
        TLanes.Store(right, target + TLanes.Count);
    }
}
