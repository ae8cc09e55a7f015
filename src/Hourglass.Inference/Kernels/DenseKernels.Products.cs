using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Hourglass.Kernels;

/// <summary>The kernels for one width of registers.</summary>
internal sealed unsafe partial class DenseKernels<TLanes, TVector> : DenseKernels
    where TLanes : ILanes<TVector>
    where TVector : struct
{
    private const int Width = DenseMap.PanelWidth;
    private const int Rows = DenseMap.TileRows;

    public override int Bits => TLanes.Count * 32;

    [MethodImpl(KernelCode.ByItself)]
    public override void Map(in DenseMap map, float* x, float* y, int rows, float* scratch)
    {
        var (inputStride, outputStride, columns) = (DenseMap.Stride(map.Inputs), map.OutputStride, DenseMap.Stride(map.Outputs));
        for (var row = 0; row < rows; row += Rows)
        {
            Interleave(x + ((long)row * inputStride), inputStride, map.Inputs, scratch);
            for (var column = 0; column < columns; column += 2 * TLanes.Count)
            {
                var panel = map.Weights + ((long)(column / Width) * map.PanelLength) + (column % Width);
                Tile(scratch, Rows, panel, Width, map.Inputs, map.Bias + column, 0, y + ((long)row * outputStride) + column, outputStride, map.Outputs - column);
            }
        }
    }

    [MethodImpl(KernelCode.ByItself)]
    public override void MapBlocks(in DenseMap map, float* x, float* y, int rows, float* scratch)
    {
        var (inputStride, outputStride, columns) = (DenseMap.Stride(map.Inputs), map.OutputStride, DenseMap.Stride(map.Outputs));
        for (var row = 0; row < rows; row += BlockRows, x += (long)BlockRows * inputStride, y += (long)BlockRows * outputStride)
        {
            var count = Math.Min(BlockRows, rows - row);
            for (var input = 0; input < map.Inputs; input += BlockInputs)
            {
                var steps = Math.Min(BlockInputs, map.Inputs - input);
                for (var tile = 0; tile < count; tile += Rows)
                {
                    Interleave(x + ((long)tile * inputStride) + input, inputStride, steps, scratch + ((long)tile * BlockInputs));
                }

                for (var column = 0; column < columns; column += 2 * TLanes.Count)
                {
                    var panel = map.Weights + ((long)(column / Width) * map.PanelLength) + ((long)input * Width) + (column % Width);
                    for (var tile = 0; tile < count; tile += Rows)
                    {
                        var target = y + ((long)tile * outputStride) + column;
                        Tile(scratch + ((long)tile * BlockInputs), Rows, panel, Width, steps, input == 0 ? map.Bias + column : target, input == 0 ? 0 : outputStride, target, outputStride);
                    }
                }
            }
        }
    }

    [MethodImpl(KernelCode.ByItself)]
    public override void Gradient<TRule>(in DenseMap map, RowProducts products, RowProducts more, int rows, int firstTile, int lastTile, TRule rule, float* packed = null)
    {
        var (inputStride, outputStride, tiles) = (DenseMap.Stride(map.Inputs), DenseMap.Stride(map.Outputs), map.PaddedInputs / Rows);
        var sums = stackalloc float[Rows * Width];
        var before = stackalloc float[Rows * Width];
        var zeros = stackalloc float[Width];
        float* waiting = null; // parameters of the tile before, whose update is still to be done
        for (var tile = firstTile; tile < lastTile; tile++)
        {
            var (panel, input) = (tile / tiles, tile % tiles * Rows);
            if (packed is not null && (tile == firstTile || input == 0))
            {
                Pack(products.Dy + (panel * Width), outputStride, rows, packed);
            }

            var outputs = packed is null ? products.Dy + (panel * Width) : packed;
            var parameters = map.Weights + ((long)panel * map.PanelLength) + ((long)input * Width);
            var (left, outputStep) = (map.Outputs - (panel * Width), packed is null ? outputStride : Width);
            if (TLanes.HasManyRegisters && left > TLanes.Count)
            {
                EightRows(products.X + input, inputStride, outputs, outputStep, rows, zeros, 0, sums, Width, new TileUpdate<TRule>(waiting, before, parameters, rule));
                AddProducts(more, input, inputStride, panel * Width, outputStride, rows, sums);
                waiting = parameters;
                var other = before;
                before = sums;
                sums = other;
                continue;
            }

            Columns(products.X + input, inputStride, outputs, outputStep, rows, zeros, 0, sums, left);
            AddProducts(more, input, inputStride, panel * Width, outputStride, rows, sums);
            Apply(parameters, sums, Rows * Width, isBias: false, rule);
        }

        Apply(waiting, before, waiting is null ? 0 : Rows * Width, isBias: false, rule);
    }

    [MethodImpl(KernelCode.ByItself)]
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

    [MethodImpl(KernelCode.ByItself)]
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
                RowBlocks.Transpose(source + output, Width, target + ((long)output * Width), Width);
            }
        }
    }

    // A panel's columns of many long rows: far apart in memory they would cost an address translation each, in every tile.
    [MethodImpl(KernelCode.ByItself)]
    private static void Pack(float* outputs, long stride, int rows, float* packed)
    {
        for (var row = 0; row < rows; row++)
        {
            new ReadOnlySpan<float>(outputs + (row * stride), Width).CopyTo(new Span<float>(packed + ((long)row * Width), Width));
        }
    }

    // Eight rows side by side, [input][row]: the product then reads one run of memory.
    [MethodImpl(KernelCode.ByItself)]
    private static void Interleave(float* x, long stride, int inputs, float* target)
    {
        for (var input = 0; input < inputs; input += Rows)
        {
            RowBlocks.Transpose(x + input, stride, target + ((long)input * Rows), Rows);
        }
    }

    // target[row, column] = start[row, column] + sum over steps of a[step, row] * b[step, column], for eight rows and two registers.
    // Where no more outputs are left than one register holds, the second one would only pad.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Tile(float* a, nint aStep, float* b, nint bStep, nint steps, float* start, nint startStride, float* target, nint stride, int left = Width)
    {
        if (left <= TLanes.Count)
        {
            Narrow(a, aStep, b, bStep, left > 0 ? steps : 0, start, startStride, target, stride);
        }
        else if (TLanes.HasManyRegisters)
        {
            EightRows(a, aStep, b, bStep, steps, start, startStride, target, stride, default(NothingBetween));
        }
        else
        {
            FourRows(a, aStep, b, bStep, steps, start, startStride, target, stride);
            FourRows(a + 4, aStep, b, bStep, steps, start + (4 * startStride), startStride, target + (4 * stride), stride);
        }
    }

    // The same for all columns of a panel.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Columns(float* a, nint aStep, float* b, nint bStep, nint steps, float* start, nint startStride, float* target, int left)
    {
        for (var column = 0; column < Width; column += 2 * TLanes.Count)
        {
            Tile(a, aStep, b + column, bStep, steps, start + column, startStride, target + column, Width, left - column);
        }
    }

    // Eight rows and one register; what only pads the rows is zero.
    [MethodImpl(KernelCode.ByItself)]
    private static void Narrow(float* a, nint aStep, float* b, nint bStep, nint steps, float* start, nint startStride, float* target, nint stride)
    {
        var (s0, s1) = (TLanes.Load(start), TLanes.Load(start + startStride));
        var (s2, s3) = (TLanes.Load(start + (2 * startStride)), TLanes.Load(start + (3 * startStride)));
        var (s4, s5) = (TLanes.Load(start + (4 * startStride)), TLanes.Load(start + (5 * startStride)));
        var (s6, s7) = (TLanes.Load(start + (6 * startStride)), TLanes.Load(start + (7 * startStride)));
        for (; steps > 0; steps--)
        {
            var values = TLanes.Load(b);
            s0 = TLanes.MultiplyAdd(TLanes.Broadcast(a[0]), values, s0);
            s1 = TLanes.MultiplyAdd(TLanes.Broadcast(a[1]), values, s1);
            s2 = TLanes.MultiplyAdd(TLanes.Broadcast(a[2]), values, s2);
            s3 = TLanes.MultiplyAdd(TLanes.Broadcast(a[3]), values, s3);
            s4 = TLanes.MultiplyAdd(TLanes.Broadcast(a[4]), values, s4);
            s5 = TLanes.MultiplyAdd(TLanes.Broadcast(a[5]), values, s5);
            s6 = TLanes.MultiplyAdd(TLanes.Broadcast(a[6]), values, s6);
            s7 = TLanes.MultiplyAdd(TLanes.Broadcast(a[7]), values, s7);
            a += aStep;
            b += bStep;
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
    private static void EightRows<TBetween>(float* a, nint aStep, float* b, nint bStep, nint steps, float* start, nint startStride, float* target, nint stride, in TBetween between)
        where TBetween : struct, IBetweenRows
    {
        var (a0, b0) = Pair(start);
        var (a1, b1) = Pair(start + startStride);
        var (a2, b2) = Pair(start + (2 * startStride));
        var (a3, b3) = Pair(start + (3 * startStride));
        var (a4, b4) = Pair(start + (4 * startStride));
        var (a5, b5) = Pair(start + (5 * startStride));
        var (a6, b6) = Pair(start + (6 * startStride));
        var (a7, b7) = Pair(start + (7 * startStride));
        nint step = 0;
        for (var piece = 0; piece < TBetween.Pieces; piece++)
        {
            between.Do<TLanes, TVector>(piece);
            for (var end = steps * (piece + 1) / TBetween.Pieces; step < end; step++)
            {
                var (left, right) = Pair(b);
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
    private static void FourRows(float* a, nint aStep, float* b, nint bStep, nint steps, float* start, nint startStride, float* target, nint stride)
    {
        var (a0, b0) = Pair(start);
        var (a1, b1) = Pair(start + startStride);
        var (a2, b2) = Pair(start + (2 * startStride));
        var (a3, b3) = Pair(start + (3 * startStride));
        for (; steps > 0; steps--)
        {
            var (left, right) = Pair(b);
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
    private static (TVector Left, TVector Right) Pair(float* source) => (TLanes.Load(source), TLanes.Load(source + TLanes.Count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* target, TVector left, TVector right)
    {
        TLanes.Store(left, target);
        TLanes.Store(right, target + TLanes.Count);
    }
}
