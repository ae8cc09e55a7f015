using System.Runtime.InteropServices;
using Hourglass.Data;
using Hourglass.Data.Stores;
using TorchSharp;
using static TorchSharp.torch;

namespace Hourglass.Training;

/// <summary>Gathers samples from a store into tensors.</summary>
internal sealed class BatchReader(SampleStore samples, Device device) : IDisposable
{
    private const int EvaluationBatch = 512;
    private Tensor? _room;
    private Tensor? _shaped; // the room as a batch of so many samples
    private int _count;

    /// <summary>Class of each sample of the store, for conditional models; null for others.</summary>
    public SampleLabels? Classes { get; init; }

    /// <summary>Where tensors are made.</summary>
    public Device Device => device;

    /// <summary>Reads samples; the tensor is valid until the next call.</summary>
    /// <returns>Float32, [batch, ...sample shape].</returns>
    public Tensor Read(ReadOnlySpan<long> indices)
    {
        var length = indices.Length * samples.SampleLength;
        if (_count != indices.Length)
        {
            Shape(indices.Length, length);
        }

        // The engine's own memory is aligned to 64 bytes; managed arrays are not, and rounding would depend on where they lie.
        samples.Gather(indices, MemoryMarshal.Cast<byte, float>(_room!.bytes)[..length]);
        return device.type == DeviceType.CPU ? _shaped! : _shaped!.to(device);
    }

    /// <summary>Reads samples with their classes.</summary>
    public Batch ReadBatch(ReadOnlySpan<long> indices)
    {
        var batch = Batch.Of(Read(indices));
        if (Classes is not { } classes)
        {
            return batch;
        }

        var numbers = new long[indices.Length];
        for (var row = 0; row < numbers.Length; row++)
        {
            numbers[row] = classes.Codes[indices[row]] + 1;
        }

        // One column more for "unknown", which is then cut off: its row is all zeros.
        var rows = nn.functional.one_hot(tensor(numbers), classes.Names.Count + 1).narrow(1, 1, classes.Names.Count).to(ScalarType.Float32);
        return batch with { Condition = device.type == DeviceType.CPU ? rows : rows.to(device) };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _shaped?.Dispose();
        _room?.Dispose();
    }

    /// <summary>Cuts sample numbers into batches of a size that suits evaluation.</summary>
    public IEnumerable<ReadOnlyMemory<long>> Batches(ReadOnlyMemory<long> indices)
    {
        var size = Math.Clamp((1 << 22) / samples.SampleLength, 1, EvaluationBatch); // at most 16 MB of floats a batch
        for (var start = 0; start < indices.Length; start += size)
        {
            yield return indices.Slice(start, Math.Min(size, indices.Length - start));
        }
    }

    // Validation may ask for more room, and a step then keeps what lies in it for its gradients: no tensor of inference mode may lie there.
    private void Shape(int count, int length)
    {
        using var training = inference_mode(false);
        _shaped?.Dispose();
        if (_room is null || _room.numel() < length)
        {
            _room?.Dispose();
            _room = empty(length, dtype: ScalarType.Float32).DetachFromDisposeScope();
        }

        _count = count;
        using var run = _room.narrow(0, 0, length);
        _shaped = run.view([count, .. samples.SampleShape.Select(size => (long)size)]).DetachFromDisposeScope();
    }
}
