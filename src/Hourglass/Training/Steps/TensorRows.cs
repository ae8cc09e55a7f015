using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Hourglass.Training.Steps;

/// <summary>Copies of the engine's tensors with rows at the kernels' distance.</summary>
internal static unsafe class TensorRows
{
    /// <summary>Copies.</summary>
    /// <param name="values">Float32, so many values a row.</param>
    /// <param name="length">Values in a row.</param>
    /// <param name="target">Where the first row starts.</param>
    /// <param name="stride">From row to row.</param>
    public static void Copy(Tensor values, int length, float* target, int stride)
    {
        using var contiguous = values.contiguous();
        var source = MemoryMarshal.Cast<byte, float>(contiguous.bytes);
        for (var row = 0; row < source.Length / length; row++)
        {
            source.Slice(row * length, length).CopyTo(new Span<float>(target + ((long)row * stride), length));
        }
    }
}
