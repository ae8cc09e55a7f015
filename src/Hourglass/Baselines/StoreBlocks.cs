using System.Runtime.InteropServices;
using Hourglass.Data.Stores;
using static TorchSharp.torch;

namespace Hourglass.Baselines;

/// <summary>Walks over chosen samples in blocks of rows.</summary>
internal sealed class StoreBlocks(SampleStore samples, ReadOnlyMemory<long> indices)
{
    private const int BlockValues = 1 << 21; // 8 MB

    /// <summary>Values in a sample.</summary>
    public int Features => samples.SampleLength;

    /// <summary>Calls for each block, float32, [row, feature].</summary>
    public void Each(Action<Tensor> visit)
    {
        var rows = Math.Clamp(BlockValues / samples.SampleLength, 1, 8192);
        for (var start = 0; start < indices.Length; start += rows)
        {
            using var scope = NewDisposeScope();
            var part = indices.Slice(start, Math.Min(rows, indices.Length - start));
            var block = empty(part.Length, samples.SampleLength);
            samples.Gather(part.Span, MemoryMarshal.Cast<byte, float>(block.bytes));
            visit(block);
        }
    }

    /// <summary>Adds up what each block gives, in float64.</summary>
    public Tensor Sum(Func<Tensor, Tensor> visit, params long[] shape)
    {
        var total = zeros(shape, dtype: ScalarType.Float64);
        Each(block => total.add_(visit(block.to(ScalarType.Float64))));
        return total;
    }
}
