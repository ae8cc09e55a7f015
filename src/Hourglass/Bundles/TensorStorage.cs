using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Hourglass.Bundles;

/// <summary>Between tensors of the engine and tensors in files.</summary>
internal static class TensorStorage
{
    /// <summary>Copies a float32 or int64 tensor out.</summary>
    public static StoredTensor ToStored(string name, Tensor tensor)
    {
        using var scope = NewDisposeScope();
        var plain = tensor.detach().cpu().contiguous();
        return plain.dtype == ScalarType.Int64
            ? new StoredTensor(name, plain.shape, MemoryMarshal.Cast<byte, long>(plain.bytes).ToArray())
            : new StoredTensor(name, plain.shape, MemoryMarshal.Cast<byte, float>(plain.bytes).ToArray());
    }

    /// <summary>A float32 or int64 tensor as it lies in memory, to be written while it stays as it is; belongs to the scope of who calls where it must be copied first.</summary>
    public static StoredTensor ToLent(string name, Tensor tensor)
    {
        var plain = tensor.detach().cpu().contiguous();
        return new StoredTensor(name, plain.shape, plain.dtype == ScalarType.Int64, () => plain.bytes);
    }

    /// <summary>Copies stored values into a tensor of the same shape.</summary>
    public static void CopyTo(StoredTensor stored, Tensor target)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var source = target.dtype == ScalarType.Int64 ? tensor(stored.Longs, stored.Shape.ToArray()) : tensor(stored.Floats, stored.Shape.ToArray());
        target.copy_(source);
    }
}
