using Hourglass.Bundles;

namespace Hourglass.Detection.Terms;

/// <summary>The tensors of one term in a file.</summary>
/// <param name="Tensors">All of the file's.</param>
/// <param name="Prefix">What stands before this term's names.</param>
/// <param name="Place">File and entry, for errors.</param>
internal sealed record TermTensors(IReadOnlyDictionary<string, StoredTensor> Tensors, string Prefix, string Place)
{
    /// <summary>Float32 values of a shape.</summary>
    /// <exception cref="BundleException">The file lacks such a tensor, or its values are not finite.</exception>
    public float[] Floats(string name, params long[] shape)
    {
        if (!Tensors.TryGetValue(Prefix + name, out var stored) || stored.IsInteger || !stored.Shape.SequenceEqual(shape))
        {
            throw new BundleException($"{Place}: the weights lack '{Prefix}{name}' of shape [{string.Join(", ", shape)}] that detector.json asks for. The file is altered.");
        }

        return Array.TrueForAll(stored.Floats, float.IsFinite) ? stored.Floats : throw new BundleException($"{Place}: '{Prefix}{name}' holds values that are not finite. The file is altered.");
    }

    /// <summary>Int64 values in one row.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="count">How many; any number when null.</param>
    /// <exception cref="BundleException">The file lacks such a tensor.</exception>
    public long[] Longs(string name, int? count = null) =>
        Tensors.TryGetValue(Prefix + name, out var stored) && stored.IsInteger && stored.Shape.Count == 1 && (count is null || stored.Longs.Length == count)
            ? stored.Longs
            : throw new BundleException($"{Place}: the weights lack '{Prefix}{name}', a row of whole numbers{(count is null ? "" : $", {count} of them")}. The file is altered.");
}
