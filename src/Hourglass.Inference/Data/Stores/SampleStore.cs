using System.IO.Hashing;
using System.IO.MemoryMappedFiles;
using System.Numerics.Tensors;
using Hourglass.Kernels;

namespace Hourglass.Data.Stores;

/// <summary>Samples of one shape on disk, memory-mapped, so that training memory does not grow with the data.</summary>
/// <remarks>Safe for concurrent reads. Format: docs/sample-store.md.</remarks>
public sealed unsafe class SampleStore : IDisposable
{
    private const int LineBytes = 64;
    private const int PrefetchedBytes = 512; // of what follows, the processor sees the pattern
    private const int PrefetchedSamples = 8; // and more of short ones
    private const int MostPrefetchedSamples = 24;
    private readonly MemoryMappedFile? _map;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly byte* _values;
    private readonly long* _starts; // of each sample's entries, where only these are held
    private readonly long _entries;
    private bool _deleteOnDispose;
    private readonly SampleStore? _rows;
    private readonly long _step; // values from one sample to the next
    private readonly int _stride; // rows from one window to the next
    private ReadAhead? _ahead; // samples that have been read already
    private SampleStore? _whole; // whose view this is
    private bool _disposed;

    private SampleStore(string path, StoreHeader header, bool deleteOnDispose)
    {
        (Path, Count, SampleShape, ElementType, ContentHash, _deleteOnDispose) = (path, header.Count, header.Shape, header.ElementType, header.ContentHash, deleteOnDispose);
        SampleLength = header.SampleLength;
        _step = SampleLength;
        if (Count > 0)
        {
            _map = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
            _view = _map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            byte* start = null;
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            _values = start + StoreHeader.Size;
            _entries = header.Entries;
            _starts = header.ElementType == ElementType.Entries ? (long*)(_values + (_entries * StoreHeader.EntrySize)) : null;
        }
    }

    // Windows of rows, on the same memory.
    private SampleStore(SampleStore rows, int steps, int stride)
    {
        (Path, ElementType, _rows) = (rows.Path, rows.ElementType, rows);
        _values = rows._values;
        Count = rows.Count < steps ? 0 : ((rows.Count - steps) / stride) + 1;
        SampleShape = [steps, rows.SampleLength];
        SampleLength = checked(steps * rows.SampleLength);
        (_step, _stride) = ((long)stride * rows.SampleLength, stride);
        ContentHash = $"{rows.ContentHash}-{steps}-{stride}";
    }

    /// <summary>The file behind it.</summary>
    public string Path { get; }

    /// <summary>Samples held.</summary>
    public long Count { get; }

    /// <summary>Shape of one sample.</summary>
    public IReadOnlyList<int> SampleShape { get; }

    /// <summary>Values in one sample: the product of <see cref="SampleShape"/>.</summary>
    public int SampleLength { get; }

    /// <summary>How values are held.</summary>
    public ElementType ElementType { get; }

    /// <summary>Checksum of the values, lower-case hexadecimal: two stores with equal hashes hold equal samples.</summary>
    public string ContentHash { get; }

    /// <summary>Opens a store, checking header, length and (when asked) checksum.</summary>
    /// <param name="path">The file.</param>
    /// <param name="verifyContent">Whether to read all of it and compare the checksum.</param>
    /// <exception cref="DataException">Not a store, truncated, or altered.</exception>
    public static SampleStore Open(string path, bool verifyContent = false) => Open(path, verifyContent, deleteOnDispose: false);

    /// <summary>Runs of consecutive samples as samples of their own; nothing is copied.</summary>
    /// <param name="rows">Rows; the windows take it over and dispose of it.</param>
    /// <param name="steps">Rows in a window.</param>
    /// <param name="stride">Rows from one window to the next.</param>
    public static SampleStore Windows(SampleStore rows, int steps, int stride) => new(rows, steps, stride);

    /// <summary>Starts a new store.</summary>
    /// <param name="path">Where it goes.</param>
    /// <param name="sampleShape">Shape of one sample.</param>
    /// <param name="elementType">How values are held.</param>
    public static SampleStoreWriter Create(string path, int[] sampleShape, ElementType elementType) => new(path, sampleShape, elementType, isTemporary: false);

    /// <summary>Starts a store that lives as long as its reader, in a folder for such.</summary>
    /// <param name="folder">Folder; one under the system's temporary folder when null.</param>
    /// <param name="sampleShape">Shape of one sample.</param>
    /// <param name="elementType">How values are held.</param>
    public static SampleStoreWriter CreateTemporary(string? folder, int[] sampleShape, ElementType elementType) =>
        new(TemporaryStores.NewPath(folder), sampleShape, elementType, isTemporary: true);

    /// <summary>Copies chosen samples, bytes scaled to [0, 1].</summary>
    /// <param name="indices">Sample numbers.</param>
    /// <param name="destination">Room for indices.Length * <see cref="SampleLength"/> values.</param>
    public void Gather(ReadOnlySpan<long> indices, Span<float> destination)
    {
        for (var row = 0; row < indices.Length; row++)
        {
            Read(indices[row], 1, destination.Slice(row * SampleLength, SampleLength));
        }
    }

    /// <summary>The same into rows; the samples that come next are asked of memory meanwhile.</summary>
    /// <param name="indices">Sample numbers.</param>
    /// <param name="rows">Receives them; what lies between rows is left alone.</param>
    /// <param name="stride">Values from one row to the next.</param>
    internal void Gather(ReadOnlySpan<long> indices, float* rows, int stride)
    {
        var ahead = Math.Clamp(PrefetchedBytes / Math.Max(1, SampleLength * ValueSize) * PrefetchedSamples, PrefetchedSamples, MostPrefetchedSamples);
        var isPlain = ElementType == ElementType.Float32 && _ahead is null && !_disposed && _whole is not { _disposed: true };
        for (var row = 0; row < indices.Length; row++, rows += stride)
        {
            if (row + ahead < indices.Length)
            {
                Prefetch(indices[row + ahead]);
            }

            if (isPlain && (ulong)indices[row] < (ulong)Count)
            {
                new ReadOnlySpan<float>(_values + (indices[row] * _step * sizeof(float)), SampleLength).CopyTo(new Span<float>(rows, SampleLength));
            }
            else
            {
                Read(indices[row], 1, new Span<float>(rows, SampleLength));
            }
        }
    }

    /// <summary>Copies a run of samples, bytes scaled to [0, 1].</summary>
    /// <param name="start">First sample number.</param>
    /// <param name="count">How many.</param>
    /// <param name="destination">Room for count * <see cref="SampleLength"/> values.</param>
    public void Read(long start, int count, Span<float> destination)
    {
        ObjectDisposedException.ThrowIf(_disposed || _whole is { _disposed: true }, this);
        if (start < 0 || count < 0 || start > Count - count)
        {
            throw new ArgumentOutOfRangeException(nameof(start), start, $"Samples {start} to {start + count - 1} of {Count} do not exist.");
        }

        if (_rows is not null && count != 1)
        {
            for (var window = 0; window < count; window++)
            {
                Read(start + window, 1, destination.Slice(window * SampleLength, SampleLength));
            }

            return;
        }

        var length = count * SampleLength;
        if (ElementType == ElementType.Entries)
        {
            ReadEntries(start, count, destination[..length]);
            return;
        }

        var values = count == 1 ? At(start) : _values + (start * _step * ValueSize);
        if (ElementType == ElementType.Float32)
        {
            new ReadOnlySpan<float>(values, length).CopyTo(destination);
            return;
        }

        TensorPrimitives.ConvertChecked(new ReadOnlySpan<byte>(values, length), destination[..length]);
        TensorPrimitives.Divide(destination[..length], 255f, destination[..length]);
    }

    /// <summary>Samples as they lie in the file, where they are held whole and do not overlap.</summary>
    internal ReadOnlySpan<byte> Raw(long start, int count) => new(_values + (start * SampleLength * ValueSize), checked(count * SampleLength * ValueSize));

    /// <summary>A sample's values that are not zero, in the order of their places.</summary>
    /// <param name="sample">Its number.</param>
    /// <param name="entries">Valid while the store is.</param>
    /// <returns>Whether the store holds entries, not full rows.</returns>
    /// <exception cref="DataException">The store is altered.</exception>
    internal bool TryEntries(long sample, out ReadOnlySpan<StoredEntry> entries) => TryEntries(sample, 0, out entries);

    // In memory that lies so many bytes after where they are mapped.
    private bool TryEntries(long sample, nint moved, out ReadOnlySpan<StoredEntry> entries)
    {
        ObjectDisposedException.ThrowIf(_disposed || _whole is { _disposed: true }, this);
        entries = default;
        if (_starts is null)
        {
            return false;
        }

        var (first, last) = (_starts[sample], _starts[sample + 1]);
        if (first < 0 || last < first || last > _entries || last - first > SampleLength)
        {
            throw Altered(sample);
        }

        entries = new ReadOnlySpan<StoredEntry>(At(sample) + moved, (int)(last - first));
        var before = -1;
        foreach (var entry in entries)
        {
            before = entry.Place > before && entry.Place < SampleLength ? entry.Place : throw Altered(sample);
        }

        return true;
    }

    private DataException Altered(long sample) => new($"{Path}: the entries of sample {sample} lie outside of it or of the file; the store is altered. Delete it and read the source again.");

    private void ReadEntries(long start, int count, Span<float> destination)
    {
        if (_rows is not null)
        {
            _rows.ReadEntries(start * _stride, SampleLength / _rows.SampleLength, (nint)At(start) - Place(start).Start, destination);
            return;
        }

        ReadEntries(start, count, 0, destination);
    }

    private void ReadEntries(long start, int count, nint moved, Span<float> destination)
    {
        destination.Clear();
        for (var sample = 0; sample < count; sample++)
        {
            TryEntries(start + sample, moved, out var entries);
            foreach (var entry in entries)
            {
                destination[(sample * SampleLength) + entry.Place] = entry.Value;
            }
        }
    }

    // Samples in random order are far from each other: the start of one that comes soon is brought near.
    private void Prefetch(long sample)
    {
        if (ElementType == ElementType.Entries || (ulong)sample >= (ulong)Count)
        {
            return;
        }

        var start = _ahead is null ? _values + (sample * _step * ValueSize) : At(sample);
        var end = start + Math.Min((long)SampleLength * ValueSize, PrefetchedBytes) + LineBytes;
        for (var line = start; line < end; line += LineBytes)
        {
            CacheLine.Ask(line);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _rows?.Dispose();
        if (_view is not null)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
        }

        _map?.Dispose();
        if (_deleteOnDispose)
        {
            File.Delete(Path);
        }
    }

    /// <summary>The file's first bytes.</summary>
    internal ReadOnlySpan<byte> Header => Count == 0 ? [] : new(_values - StoreHeader.Size, StoreHeader.Size);

    /// <summary>Bytes of all values.</summary>
    internal long Bytes => Mapped.Length;

    /// <summary>Bytes from the start of one sample to its end.</summary>
    internal long SampleBytes => ElementType switch
    {
        ElementType.Entries => Count == 0 ? 0 : _rows is { } rows ? rows.SampleBytes * (SampleLength / rows.SampleLength) : Mapped.Length / Count, // their mean
        ElementType.UInt8 => SampleLength,
        _ => (long)SampleLength * sizeof(float),
    };

    /// <summary>Where all values lie in memory.</summary>
    internal (nint Start, nint Length) Mapped => Count == 0 ? default
        : ElementType == ElementType.Entries ? _rows?.Mapped ?? ((nint)_values, (nint)((_entries * StoreHeader.EntrySize) + ((Count + 1) * sizeof(long))))
        : ((nint)_values, (nint)(Place(Count - 1).Start + Place(Count - 1).Length - (nint)_values));

    /// <summary>Where a sample lies in memory.</summary>
    internal (nint Start, nint Length) Place(long sample) =>
        ElementType == ElementType.Entries ? _rows?.Places(sample * _stride, SampleLength / _rows.SampleLength) ?? ((nint)_values + (nint)(_starts[sample] * StoreHeader.EntrySize), (nint)((_starts[sample + 1] - _starts[sample]) * StoreHeader.EntrySize))
        : ((nint)_values + (nint)(sample * _step * ValueSize), (nint)SampleBytes);

    private (nint Start, nint Length) Places(long first, int count) => (Place(first).Start, Place(first + count - 1).Start + Place(first + count - 1).Length - Place(first).Start);

    private int ValueSize => ElementType == ElementType.Float32 ? sizeof(float) : 1;

    /// <summary>Where a sample lies in the file; nothing where the store is altered.</summary>
    internal (long Start, long Length) InFile(long sample)
    {
        var (start, length) = Place(sample);
        var before = start - (nint)_values;
        return before >= 0 && length >= 0 && before + length <= Mapped.Length ? (StoreHeader.Size + before, length) : default;
    }

    /// <summary>The same samples for one reader, who may have them read ahead; valid as long as the store is, which remains the one to dispose of.</summary>
    internal SampleStore View()
    {
        var view = (SampleStore)MemberwiseClone();
        view._whole = this;
        return view;
    }

    /// <summary>Lets samples be handed out from where they have been read ahead; by one pass at a time.</summary>
    internal bool TryStage(ReadAhead ahead) => Interlocked.CompareExchange(ref _ahead, ahead, null) is null;

    /// <summary>Ends that.</summary>
    internal void Unstage() => _ahead = null;

    private byte* At(long sample) => _ahead is { } ahead && ahead.Find(sample) is var staged && staged is not null ? staged : (byte*)Place(sample).Start;

    /// <summary>Closes it and leaves the file, which is whose from now on that asked.</summary>
    internal void Release()
    {
        _deleteOnDispose = false;
        Dispose();
    }

    internal static SampleStore Open(string path, bool verifyContent, bool deleteOnDispose)
    {
        StoreHeader header;
        try
        {
            using var stream = File.OpenRead(path);
            header = StoreHeader.Read(stream, path);
            if (verifyContent)
            {
                var hash = new XxHash128();
                hash.Append(stream);
                if (Convert.ToHexStringLower(hash.GetCurrentHash()) != header.ContentHash)
                {
                    throw new DataException($"{path}: the values do not match the checksum; the store is altered. Delete it and read the source again.");
                }
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"Cannot read the sample store {path}: {fault.Message}", fault);
        }

        return new SampleStore(path, header, deleteOnDispose);
    }
}
