using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Hourglass.Kernels;

/// <summary>Products that keep rows side by side in a register: no layer's values change places on their way to the next.</summary>
internal sealed unsafe partial class DenseKernels<TLanes, TVector>
{
    private const int TileOutputs = 4; // by three registers of rows: twelve sums, which sixteen registers hold with what they are made of

    [MethodImpl(KernelCode.ByItself)]
    public override void MapTile(in DenseMap map, float* x, float* y, bool cutsNegative)
    {
        for (var output = 0; output < map.Outputs; output += TileOutputs)
        {
            var weights = map.Weights + ((long)(output / Width) * map.PanelLength) + (output % Width);
            for (var row = 0; row < RowTiles.TileRows; row += 3 * TLanes.Count)
            {
                FourOutputs(weights, x + row, map.Inputs, map.Bias + output, y + ((long)output * RowTiles.TileRows) + row, cutsNegative);
            }
        }
    }

    [SuppressMessage("Design", "MA0051", Justification = "Unrolled: twelve sums live in registers.")]
    [MethodImpl(KernelCode.ByItself)]
    private static void FourOutputs(float* weights, float* x, nint inputs, float* bias, float* y, bool cutsNegative)
    {
        var (a0, a1, a2, a3) = (Of(bias[0]), Of(bias[1]), Of(bias[2]), Of(bias[3]));
        var (b0, b1, b2, b3) = (a0, a1, a2, a3);
        var (c0, c1, c2, c3) = (a0, a1, a2, a3);
        for (; inputs > 0; inputs--)
        {
            var (left, middle, right) = (TLanes.Load(x), TLanes.Load(x + TLanes.Count), TLanes.Load(x + (2 * TLanes.Count)));
            var weight = Of(weights[0]);
            a0 = TLanes.MultiplyAdd(left, weight, a0);
            b0 = TLanes.MultiplyAdd(middle, weight, b0);
            c0 = TLanes.MultiplyAdd(right, weight, c0);
            weight = Of(weights[1]);
            a1 = TLanes.MultiplyAdd(left, weight, a1);
            b1 = TLanes.MultiplyAdd(middle, weight, b1);
            c1 = TLanes.MultiplyAdd(right, weight, c1);
            weight = Of(weights[2]);
            a2 = TLanes.MultiplyAdd(left, weight, a2);
            b2 = TLanes.MultiplyAdd(middle, weight, b2);
            c2 = TLanes.MultiplyAdd(right, weight, c2);
            weight = Of(weights[3]);
            a3 = TLanes.MultiplyAdd(left, weight, a3);
            b3 = TLanes.MultiplyAdd(middle, weight, b3);
            c3 = TLanes.MultiplyAdd(right, weight, c3);
            x += RowTiles.TileRows;
            weights += Width;
        }

        if (cutsNegative)
        {
            var zero = Of(0);
            (a0, a1, a2, a3) = (TLanes.Maximum(a0, zero), TLanes.Maximum(a1, zero), TLanes.Maximum(a2, zero), TLanes.Maximum(a3, zero));
            (b0, b1, b2, b3) = (TLanes.Maximum(b0, zero), TLanes.Maximum(b1, zero), TLanes.Maximum(b2, zero), TLanes.Maximum(b3, zero));
            (c0, c1, c2, c3) = (TLanes.Maximum(c0, zero), TLanes.Maximum(c1, zero), TLanes.Maximum(c2, zero), TLanes.Maximum(c3, zero));
        }

        Store(y, a0, b0, c0);
        Store(y + RowTiles.TileRows, a1, b1, c1);
        Store(y + (2 * RowTiles.TileRows), a2, b2, c2);
        Store(y + (3 * RowTiles.TileRows), a3, b3, c3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* target, TVector left, TVector middle, TVector right)
    {
        Store(target, left, middle);
        TLanes.Store(right, target + (2 * TLanes.Count));
    }
}
