using System.Runtime.CompilerServices;

namespace Hourglass.Kernels;

/// <summary>Products in which one side is mostly zero.</summary>
internal sealed unsafe partial class DenseKernels<TLanes, TVector>
{
    private const int SelectionRoom = 1 << 17; // values of interleaved rows: half a second-level cache, so that a panel fits beside them

    [MethodImpl(KernelCode.ByItself)]
    public override void Combine(float* table, int stride, ReadOnlySpan<int> rows, ReadOnlySpan<float> factors, float* start, float* result)
    {
        if (result != start)
        {
            new ReadOnlySpan<float>(start, stride).CopyTo(new Span<float>(result, stride));
        }

        var entry = 0;
        for (; entry + 4 <= rows.Length; entry += 4)
        {
            var a = table + ((long)rows[entry] * stride);
            var b = table + ((long)rows[entry + 1] * stride);
            var c = table + ((long)rows[entry + 2] * stride);
            var d = table + ((long)rows[entry + 3] * stride);
            var (u, v, w, z) = (Of(factors[entry]), Of(factors[entry + 1]), Of(factors[entry + 2]), Of(factors[entry + 3]));
            for (var i = 0; i < stride; i += TLanes.Count)
            {
                var sum = TLanes.MultiplyAdd(u, TLanes.Load(a + i), TLanes.Load(result + i));
                sum = TLanes.MultiplyAdd(v, TLanes.Load(b + i), sum);
                sum = TLanes.MultiplyAdd(w, TLanes.Load(c + i), sum);
                TLanes.Store(TLanes.MultiplyAdd(z, TLanes.Load(d + i), sum), result + i);
            }
        }

        for (; entry < rows.Length; entry++)
        {
            var row = table + ((long)rows[entry] * stride);
            var factor = Of(factors[entry]);
            for (var i = 0; i < stride; i += TLanes.Count)
            {
                TLanes.Store(TLanes.MultiplyAdd(factor, TLanes.Load(row + i), TLanes.Load(result + i)), result + i);
            }
        }
    }

    [MethodImpl(KernelCode.ByItself)]
    public override void Products(float* table, int stride, ReadOnlySpan<int> rows, float* vector, Span<float> results)
    {
        for (var entry = 0; entry < rows.Length; entry++)
        {
            var row = table + ((long)rows[entry] * stride);
            var (left, right) = (Of(0), Of(0));
            for (var i = 0; i < stride; i += 2 * TLanes.Count)
            {
                left = TLanes.MultiplyAdd(TLanes.Load(row + i), TLanes.Load(vector + i), left);
                right = TLanes.MultiplyAdd(TLanes.Load(row + i + TLanes.Count), TLanes.Load(vector + i + TLanes.Count), right);
            }

            results[entry] = (float)Total(TLanes.Add(left, right));
        }
    }

    // Panels outside, rows inside: weights come from memory once for a run of rows, and a tile of outputs is looked through while it is in the first cache.
    [MethodImpl(KernelCode.ByItself)]
    public override void Select(in DenseMap map, float* x, int rows, float* scratch, ReadOnlySpan<LargestOfRow> largest)
    {
        var (stride, most) = (DenseMap.Stride(map.Inputs), SelectionRows(map.Inputs));
        var tile = stackalloc float[Rows * Width];
        for (var first = 0; first < rows; first += most)
        {
            var count = Math.Min(most, rows - first);
            for (var row = 0; row < count; row += Rows)
            {
                Interleave(x + ((long)(first + row) * stride), stride, map.Inputs, scratch + ((long)row * map.PaddedInputs));
            }

            for (var panel = 0; panel < map.Panels; panel++)
            {
                for (var row = 0; row < count; row += Rows)
                {
                    for (var column = 0; column < Width; column += 2 * TLanes.Count)
                    {
                        Tile(scratch + ((long)row * map.PaddedInputs), Rows, map.Weights + ((long)panel * map.PanelLength) + column, Width, map.Inputs, map.Bias + (panel * Width) + column, 0, tile + column, Width);
                    }

                    Offer(tile, panel * Width, largest.Slice(first + row, Rows));
                }
            }
        }
    }

    public override int SelectionRows(int inputs) => Math.Max(Rows, SelectionRoom / DenseMap.Padded(inputs, Rows) / Rows * Rows);

    private static void Offer(float* tile, int output, ReadOnlySpan<LargestOfRow> largest)
    {
        for (var row = 0; row < Rows; row++, tile += Width)
        {
            for (var column = 0; column < Width; column += TLanes.Count)
            {
                if (!TLanes.AnyAbove(TLanes.Load(tile + column), Of(largest[row].Threshold)))
                {
                    continue;
                }

                for (var lane = column; lane < column + TLanes.Count; lane++)
                {
                    largest[row].Offer(output + lane, tile[lane]);
                }
            }
        }
    }

    public override void FillPanel(float* rows, int stride, int inputs, float* panel)
    {
        for (var output = 0; output < Width; output += Rows)
        {
            for (var input = 0; input < inputs; input += Rows)
            {
                RowBlocks.Transpose(rows + ((long)output * stride) + input, stride, panel + ((long)input * Width) + output, Width);
            }
        }
    }
}
