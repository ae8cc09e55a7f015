using System.Runtime.InteropServices;
using Hourglass.Data;
using Hourglass.Data.Stores;
using static TorchSharp.torch;

namespace Hourglass.Tests.Training;

/// <summary>Stores of samples that a test has made.</summary>
internal static class SampleStores
{
    /// <summary>A store of samples of a shape, one after another.</summary>
    public static SampleStore Of(ReadOnlySpan<float> values, params IReadOnlyList<int> shape)
    {
        using var writer = SampleStore.CreateTemporary(null, [.. shape], ElementType.Float32);
        writer.Append(values);
        return writer.Finish();
    }

    /// <summary>A store of a tensor's samples, [sample, ...].</summary>
    public static SampleStore Of(Tensor samples, IReadOnlyList<int> shape)
    {
        using var values = samples.to(ScalarType.Float32).contiguous();
        return Of(MemoryMarshal.Cast<byte, float>(values.bytes), shape);
    }
}
