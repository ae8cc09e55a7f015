using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Hourglass.Kernels;

/// <summary>Products that pass the zeros of full rows by: paper around a picture's ink, categories that do not apply.</summary>
/// <remarks>Two rows, or two columns, go together and pass by what is zero in both: weights then come from the second-level cache half as often. Neighbouring pixels
/// are mostly filled together. Sums run in the order of the products that take every value, and what is left out would have added nothing: the bits are the same.</remarks>
internal sealed unsafe partial class DenseKernels<TLanes, TVector>
{
    private const int FilledRoom = 1 << 15; // values of rows that are taken at once, so that their lists stay in the second-level cache

    public override int FilledRows(int inputs) => Math.Clamp(FilledRoom / DenseMap.Stride(inputs) / Rows * Rows, Rows, MostFilledRows);

    [MethodImpl(KernelCode.ByItself)]
    public override void MapFilled(in DenseMap map, float* x, float* y, int rows, float* scratch)
    {
        var (inputStride, outputStride, columns, most) = (DenseMap.Stride(map.Inputs), map.OutputStride, DenseMap.Stride(map.Outputs), FilledRows(map.Inputs));
        var lists = stackalloc FilledPair[MostFilledRows / 2];
        for (var first = 0; first < rows; first += most)
        {
            var pairs = Math.Min(most, rows - first) / 2;
            for (var pair = 0; pair < pairs; pair++)
            {
                lists[pair] = new FilledPair(scratch + (3L * pair * inputStride), inputStride);
                lists[pair].AddRows(x + ((long)(first + (2 * pair)) * inputStride), inputStride, Width);
            }

            for (int column = 0, width; column < columns; column += width)
            {
                width = SumWidth(columns - column);
                var panels = map.Weights + ((long)(column / Width) * map.PanelLength);
                for (var pair = 0; pair < pairs; pair++)
                {
                    var target = y + ((long)(first + (2 * pair)) * outputStride) + column;
                    Sums(width, lists + pair, panels, map.PanelLength, map.Bias + column, target, outputStride, Width);
                }
            }
        }
    }

    [MethodImpl(KernelCode.ByItself)]
    public override void GradientFilled<TRule>(in DenseMap map, RowProducts products, RowProducts more, int rows, int firstBlock, int lastBlock, TRule rule, float* scratch)
    {
        var (inputStride, outputStride) = (DenseMap.Stride(map.Inputs), DenseMap.Stride(map.Outputs));
        var sums = stackalloc float[Rows * MostSums];
        var zeros = stackalloc float[MostSums];
        var lists = stackalloc FilledPair[Rows / 2];
        for (var block = firstBlock; block < lastBlock; block++)
        {
            for (var pair = 0; pair < Rows / 2; pair++)
            {
                lists[pair] = new FilledPair(scratch + (3L * pair * rows), rows);
            }

            FilledPair.AddColumns(lists, products.X + (block * Rows), inputStride, rows, outputStride);
            for (int column = 0, width; column < outputStride; column += width)
            {
                width = SumWidth(outputStride - column);
                for (var pair = 0; pair < Rows / 2; pair++)
                {
                    var target = sums + (2 * pair * Width);
                    Sums(width, lists + pair, products.Dy + column, Width, zeros, target, Width, Rows * Width);
                }

                for (var panel = column / Width; panel < (column + width) / Width; panel++)
                {
                    var tile = sums + ((panel - (column / Width)) * Rows * Width);
                    AddProducts(more, block * Rows, inputStride, panel * Width, outputStride, rows, tile);
                    Apply(map.Weights + ((long)panel * map.PanelLength) + ((long)block * Rows * Width), tile, Rows * Width, isBias: false, rule);
                }
            }
        }
    }

    private static int MostSums => TLanes.Count == Vector512<float>.Count ? 8 * TLanes.Count : Width;

    private static void AddProducts(RowProducts more, int input, int inputStride, int output, int outputStride, int rows, float* tile)
    {
        if (more.X is not null)
        {
            Columns(more.X + input, inputStride, more.Dy + output, outputStride, rows, tile, Width, tile, Width);
        }
    }

    // Outputs that are summed up at once: as many as registers hold for two rows.
    private static int SumWidth(int left) => left >= MostSums ? MostSums : Width;

    // For both of a pair: target = start + the sum of values times runs of a table, which lie at so many places and go on in the next panel.
    private static void Sums(int width, FilledPair* pair, float* table, nint panel, float* start, float* target, nint targetRow, nint targetPanel)
    {
        if (width > Width)
        {
            EightSums(pair, table, panel, start, target, targetRow, targetPanel);
            return;
        }

        for (var column = 0; column < Width; column += 2 * TLanes.Count)
        {
            TwoSums(pair, table + column, start + column, target + column, targetRow);
        }
    }

    [MethodImpl(KernelCode.ByItself)]
    private static void TwoSums(FilledPair* pair, float* table, float* start, float* target, nint targetRow)
    {
        var (places, first, second, count) = ((IntPtr)pair->Places, (IntPtr)pair->First, (IntPtr)pair->Second, (nint)pair->Count);
        var (a0, a1) = Pair(start);
        var (b0, b1) = (a0, a1);
        for (nint entry = 0; entry < count; entry++)
        {
            var (left, right) = Pair(table + ((int*)places)[entry]);
            var value = TLanes.Broadcast(((float*)first)[entry]);
            a0 = TLanes.MultiplyAdd(value, left, a0);
            a1 = TLanes.MultiplyAdd(value, right, a1);
            value = TLanes.Broadcast(((float*)second)[entry]);
            b0 = TLanes.MultiplyAdd(value, left, b0);
            b1 = TLanes.MultiplyAdd(value, right, b1);
        }

        Store(target, a0, a1);
        Store(target + targetRow, b0, b1);
    }

    // Four panels of 512-bit registers.
    [SuppressMessage("Design", "MA0051", Justification = "Unrolled: sixteen sums live in registers.")]
    [MethodImpl(KernelCode.ByItself)]
    private static void EightSums(FilledPair* pair, float* table, nint panel, float* start, float* target, nint targetRow, nint targetPanel)
    {
        var (places, first, second, count) = ((IntPtr)pair->Places, (IntPtr)pair->First, (IntPtr)pair->Second, (nint)pair->Count);
        var (a0, a1) = Pair(start);
        var (a2, a3) = Pair(start + Width);
        var (a4, a5) = Pair(start + (2 * Width));
        var (a6, a7) = Pair(start + (3 * Width));
        var (b0, b1, b2, b3, b4, b5, b6, b7) = (a0, a1, a2, a3, a4, a5, a6, a7);
        for (nint entry = 0; entry < count; entry++)
        {
            var run = table + ((int*)places)[entry];
            var (value, other) = (TLanes.Broadcast(((float*)first)[entry]), TLanes.Broadcast(((float*)second)[entry]));
            var (left, right) = Pair(run);
            a0 = TLanes.MultiplyAdd(value, left, a0);
            b0 = TLanes.MultiplyAdd(other, left, b0);
            a1 = TLanes.MultiplyAdd(value, right, a1);
            b1 = TLanes.MultiplyAdd(other, right, b1);
            (left, right) = Pair(run + panel);
            a2 = TLanes.MultiplyAdd(value, left, a2);
            b2 = TLanes.MultiplyAdd(other, left, b2);
            a3 = TLanes.MultiplyAdd(value, right, a3);
            b3 = TLanes.MultiplyAdd(other, right, b3);
            (left, right) = Pair(run + (2 * panel));
            a4 = TLanes.MultiplyAdd(value, left, a4);
            b4 = TLanes.MultiplyAdd(other, left, b4);
            a5 = TLanes.MultiplyAdd(value, right, a5);
            b5 = TLanes.MultiplyAdd(other, right, b5);
            (left, right) = Pair(run + (3 * panel));
            a6 = TLanes.MultiplyAdd(value, left, a6);
            b6 = TLanes.MultiplyAdd(other, left, b6);
            a7 = TLanes.MultiplyAdd(value, right, a7);
            b7 = TLanes.MultiplyAdd(other, right, b7);
        }

        Store(target, a0, a1);
        Store(target + targetPanel, a2, a3);
        Store(target + (2 * targetPanel), a4, a5);
        Store(target + (3 * targetPanel), a6, a7);
        target += targetRow;
        Store(target, b0, b1);
        Store(target + targetPanel, b2, b3);
        Store(target + (2 * targetPanel), b4, b5);
        Store(target + (3 * targetPanel), b6, b7);
    }
}
