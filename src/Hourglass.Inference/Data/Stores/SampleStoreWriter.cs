using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Hourglass.Data.Stores;

/// <summary>Writes samples one after another; nothing stands under the final name before <see cref="Finish"/>.</summary>
/// <remarks>Where a tenth or less of the first million values is not zero, in samples of at least 256 float32 values, only such values are held.</remarks>
public sealed class SampleStoreWriter : IDisposable
{
    private const int LookedValues = 1 << 20;
    private const int CopiedValues = 1 << 16; // of another store at once: they stay in the caches from the sum to the file
    private readonly string _path;
    private readonly string _temporary;
    private readonly int[] _shape;
    private readonly int _length;
    private ElementType _elementType;
    private readonly bool _isTemporary;
    private readonly FileStream _stream;
    private readonly XxHash128 _hash = new();
    private readonly List<long> _starts = []; // of each sample's entries
    private readonly List<StoredEntry> _room = [];
    private List<float>? _first; // held until enough is seen to say how to hold all
    private long _entries;
    private long _values;

    internal SampleStoreWriter(string path, int[] sampleShape, ElementType elementType, bool isTemporary)
    {
        (_path, _shape, _elementType, _isTemporary) = (path, [.. sampleShape], elementType, isTemporary);
        _length = new StoreHeader(0, _shape, elementType, "").SampleLength;
        _first = elementType == ElementType.Float32 && _length >= StoredEntry.LeastLength ? [] : null;
        _temporary = $"{path}.{Guid.NewGuid():n}.part";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            _stream = new FileStream(_temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 18);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new HourglassException($"Cannot write the sample store {path}: {fault.Message}", fault);
        }

        _stream.Write(new byte[StoreHeader.Size]);
    }

    /// <summary>Samples written so far.</summary>
    public long Count => (_values + (_first?.Count ?? 0)) / _length;

    /// <summary>Appends one or more whole samples of float32 values.</summary>
    /// <param name="values">A multiple of the sample's length.</param>
    public void Append(ReadOnlySpan<float> values)
    {
        if (_first is null)
        {
            AppendDecided(values);
            return;
        }

        _first.AddRange(values);
        if (_first.Count >= LookedValues)
        {
            Decide();
        }
    }

    /// <summary>Appends one or more whole samples of bytes.</summary>
    /// <param name="values">A multiple of the sample's length.</param>
    public void AppendBytes(ReadOnlySpan<byte> values) => Append(values, values.Length, ElementType.UInt8);

    /// <summary>Appends all samples of another store of the same shape and type.</summary>
    internal void Append(SampleStore part)
    {
        var rows = Math.Max(1, CopiedValues / part.SampleLength);
        var values = new float[part.ElementType == ElementType.UInt8 ? 0 : Math.Min(rows, part.Count) * part.SampleLength];
        for (var start = 0L; start < part.Count; start += rows)
        {
            var count = (int)Math.Min(rows, part.Count - start);
            if (part.ElementType != ElementType.Entries && part.ElementType == _elementType && _first is null)
            {
                Append(part.Raw(start, count), count * _length, _elementType);
                continue;
            }

            part.Read(start, count, values);
            Append(values.AsSpan(0, count * part.SampleLength));
        }
    }

    /// <summary>Completes the file and opens it.</summary>
    public SampleStore Finish()
    {
        Decide();
        if (_elementType == ElementType.Entries)
        {
            _starts.Add(_entries);
            Write(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_starts)));
        }

        var header = new StoreHeader(Count, _shape, _elementType, Convert.ToHexStringLower(_hash.GetCurrentHash())) { Entries = _entries };
        _stream.Position = 0;
        _stream.Write(header.ToBytes());
        _stream.Dispose();
        File.Move(_temporary, _path, overwrite: true);
        return SampleStore.Open(_path, verifyContent: false, deleteOnDispose: _isTemporary);
    }

    /// <summary>Discards what was written, unless <see cref="Finish"/> was called.</summary>
    public void Dispose()
    {
        _stream.Dispose();
        if (File.Exists(_temporary))
        {
            File.Delete(_temporary);
        }
    }

    private void Append(ReadOnlySpan<byte> bytes, int values, ElementType type)
    {
        if (type != _elementType || values % _length != 0)
        {
            throw new ArgumentException($"Expected whole samples of {_length} {_elementType} values, got {values} {type} values.", nameof(values));
        }

        Write(bytes);
        _values += values;
    }

    private void Decide()
    {
        if (_first is not { } first)
        {
            return;
        }

        _first = null;
        var values = CollectionsMarshal.AsSpan(first);
        if (values.Length > 0 && values.Length - values.Count(0f) <= StoredEntry.LargestShare * values.Length)
        {
            _elementType = ElementType.Entries;
        }

        AppendDecided(values);
    }

    private void AppendDecided(ReadOnlySpan<float> values)
    {
        if (_elementType == ElementType.Entries && values.Length % _length == 0)
        {
            AppendEntries(values);
        }
        else
        {
            Append(MemoryMarshal.AsBytes(values), values.Length, ElementType.Float32);
        }
    }

    private void AppendEntries(ReadOnlySpan<float> values)
    {
        for (; !values.IsEmpty; values = values[_length..], _values += _length)
        {
            _starts.Add(_entries);
            _room.Clear();
            var sample = values[.._length];
            for (var place = StoredEntry.Next(sample, 0); place >= 0; place = StoredEntry.Next(sample, place + 1))
            {
                _room.Add(new StoredEntry(place, sample[place]));
            }

            _entries += _room.Count;
            Write(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_room)));
        }
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        _hash.Append(bytes);
        _stream.Write(bytes);
    }
}
