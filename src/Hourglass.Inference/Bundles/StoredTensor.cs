using System.Runtime.InteropServices;

namespace Hourglass.Bundles;

/// <summary>A named array as it stands in a file: float32 or int64, row-major.</summary>
public sealed class StoredTensor
{
    private readonly LentBytes? _lent;
    private readonly float[]? _floats;
    private readonly long[]? _longs;

    /// <summary>A float32 tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">Sizes; their product is the number of values.</param>
    /// <param name="values">Row-major.</param>
    public StoredTensor(string name, IEnumerable<long> shape, float[] values)
        : this(name, [.. shape], values.Length) => _floats = values;

    /// <summary>An int64 tensor.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">Sizes; their product is the number of values.</param>
    /// <param name="values">Row-major.</param>
    public StoredTensor(string name, IEnumerable<long> shape, long[] values)
        : this(name, [.. shape], values.Length) => (IsInteger, _longs) = (true, values);

    /// <summary>A tensor whose values lie elsewhere, to be written and nothing else.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="isInteger">Whether values are int64; otherwise float32.</param>
    /// <param name="lent">Gives their bytes, row-major and little-endian, for as long as the tensor is used.</param>
    internal StoredTensor(string name, IEnumerable<long> shape, bool isInteger, LentBytes lent)
        : this(name, [.. shape], lent().Length / (isInteger ? sizeof(long) : sizeof(float))) => (IsInteger, _lent) = (isInteger, lent);

    /// <summary>Bytes that lie elsewhere.</summary>
    internal delegate ReadOnlySpan<byte> LentBytes();

    /// <summary>The same values under another name.</summary>
    /// <param name="name">The name.</param>
    public StoredTensor Named(string name) => IsInteger ? new StoredTensor(name, Shape, Longs) : new StoredTensor(name, Shape, Floats);

    private StoredTensor(string name, long[] shape, int count)
    {
        if (shape.Aggregate(1L, (product, size) => checked(product * size)) != count)
        {
            throw new ArgumentException($"Tensor '{name}' of shape [{string.Join(", ", shape)}] cannot hold {count} values.", nameof(shape));
        }

        (Name, Shape) = (name, shape);
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Sizes of its axes.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Whether values are int64; otherwise float32.</summary>
    public bool IsInteger { get; }

    /// <summary>Float32 values.</summary>
    /// <exception cref="BundleException">The tensor holds integers.</exception>
    public float[] Floats => _floats ?? throw new BundleException($"Tensor '{Name}' holds int64 values, expected float32.");

    /// <summary>Int64 values.</summary>
    /// <exception cref="BundleException">The tensor holds floats.</exception>
    public long[] Longs => _longs ?? throw new BundleException($"Tensor '{Name}' holds float32 values, expected int64.");

    /// <summary>The values' bytes, little-endian.</summary>
    internal ReadOnlySpan<byte> Bytes => _lent is not null ? _lent() : _floats is not null ? MemoryMarshal.AsBytes<float>(_floats) : MemoryMarshal.AsBytes<long>(_longs);
}
