using System.Runtime.InteropServices;
using Hourglass.Data.Stores;
using TorchSharp;
using static TorchSharp.torch;

namespace Hourglass.Training;

/// <summary>Gathers samples from a store into tensors.</summary>
internal sealed class BatchReader(SampleStore samples, Device device) : IDisposable
{
    private const int EvaluationBatch = 512;
    private Tensor? _room;

    /// <summary>Where tensors are made.</summary>
    public Device Device => device;

    /// <summary>Reads samples; the tensor is valid until the next call.</summary>
    /// <returns>Float32, [batch, ...sample shape].</returns>
    public Tensor Read(ReadOnlySpan<long> indices)
    {
        var length = indices.Length * samples.SampleLength;
        if (_room is null || _room.numel() < length)
        {
            _room?.Dispose();
            _room = empty(length, dtype: ScalarType.Float32).DetachFromDisposeScope();
        }

        // The engine's own memory is aligned to 64 bytes; managed arrays are not, and rounding would depend on where they lie.
        samples.Gather(indices, MemoryMarshal.Cast<byte, float>(_room.bytes)[..length]);
        var shaped = _room.narrow(0, 0, length).reshape([indices.Length, .. samples.SampleShape.Select(size => (long)size)]);
        return device.type == DeviceType.CPU ? shaped : shaped.to(device);
    }

    /// <inheritdoc/>
    public void Dispose() => _room?.Dispose();

    /// <summary>Cuts sample numbers into batches of a size that suits evaluation.</summary>
    public IEnumerable<ReadOnlyMemory<long>> Batches(ReadOnlyMemory<long> indices)
    {
        var size = Math.Clamp((1 << 22) / samples.SampleLength, 1, EvaluationBatch); // at most 16 MB of floats a batch
        for (var start = 0; start < indices.Length; start += size)
        {
            yield return indices.Slice(start, Math.Min(size, indices.Length - start));
        }
    }
}
