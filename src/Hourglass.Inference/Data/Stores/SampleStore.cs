namespace Hourglass.Data.Stores;

/// <summary>Samples of one shape on disk, memory-mapped, so that training memory does not grow with the data.</summary>
/// <remarks>Safe for concurrent reads. Format: docs/sample-store.md.</remarks>
public sealed class SampleStore : IDisposable
{
    private SampleStore(string path, long count, int[] sampleShape, ElementType elementType, string contentHash)
    {
        Path = path;
        Count = count;
        SampleShape = sampleShape;
        ElementType = elementType;
        ContentHash = contentHash;
    }

    /// <summary>The file behind it.</summary>
    public string Path { get; }

    /// <summary>Samples held.</summary>
    public long Count { get; }

    /// <summary>Shape of one sample.</summary>
    public IReadOnlyList<int> SampleShape { get; }

    /// <summary>Values in one sample: the product of <see cref="SampleShape"/>.</summary>
    public int SampleLength => SampleShape.Aggregate(1, (product, size) => product * size);

    /// <summary>How values are held.</summary>
    public ElementType ElementType { get; }

    /// <summary>Checksum of the values, lower-case hexadecimal: two stores with equal hashes hold equal samples.</summary>
    public string ContentHash { get; }

    /// <summary>Opens a store, checking header, length and (when asked) checksum.</summary>
    /// <param name="path">The file.</param>
    /// <param name="verifyContent">Whether to read all of it and compare the checksum.</param>
    /// <exception cref="DataException">Not a store, truncated, or altered.</exception>
    public static SampleStore Open(string path, bool verifyContent = false) => throw new NotImplementedException();

    /// <summary>Copies chosen samples, bytes scaled to [0, 1].</summary>
    /// <param name="indices">Sample numbers.</param>
    /// <param name="destination">Room for indices.Length * <see cref="SampleLength"/> values.</param>
    public void Gather(ReadOnlySpan<long> indices, Span<float> destination) => throw new NotImplementedException();

    /// <summary>Copies a run of samples, bytes scaled to [0, 1].</summary>
    /// <param name="start">First sample number.</param>
    /// <param name="count">How many.</param>
    /// <param name="destination">Room for count * <see cref="SampleLength"/> values.</param>
    public void Read(long start, int count, Span<float> destination) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
