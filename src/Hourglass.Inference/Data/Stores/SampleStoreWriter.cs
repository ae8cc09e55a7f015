using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Hourglass.Data.Stores;

/// <summary>Writes samples one after another; nothing stands under the final name before <see cref="Finish"/>.</summary>
public sealed class SampleStoreWriter : IDisposable
{
    private readonly string _path;
    private readonly string _temporary;
    private readonly int[] _shape;
    private readonly int _length;
    private readonly ElementType _elementType;
    private readonly bool _isTemporary;
    private readonly FileStream _stream;
    private readonly XxHash128 _hash = new();
    private long _values;

    internal SampleStoreWriter(string path, int[] sampleShape, ElementType elementType, bool isTemporary)
    {
        (_path, _shape, _elementType, _isTemporary) = (path, [.. sampleShape], elementType, isTemporary);
        _length = new StoreHeader(0, _shape, elementType, "").SampleLength;
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
    public long Count => _values / _length;

    /// <summary>Appends one or more whole samples of float32 values.</summary>
    /// <param name="values">A multiple of the sample's length.</param>
    public void Append(ReadOnlySpan<float> values) => Append(MemoryMarshal.AsBytes(values), values.Length, ElementType.Float32);

    /// <summary>Appends one or more whole samples of bytes.</summary>
    /// <param name="values">A multiple of the sample's length.</param>
    public void AppendBytes(ReadOnlySpan<byte> values) => Append(values, values.Length, ElementType.UInt8);

    /// <summary>Completes the file and opens it.</summary>
    public SampleStore Finish()
    {
        var header = new StoreHeader(Count, _shape, _elementType, Convert.ToHexStringLower(_hash.GetCurrentHash()));
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

        _hash.Append(bytes);
        _stream.Write(bytes);
        _values += values;
    }
}
