using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Hourglass.Data.Arrays;

/// <summary>Reads the values of a .npy array in order.</summary>
internal sealed class NpyValues(Stream stream, NpyHeader header, string place)
{
    private byte[] _room = [];

    /// <summary>Reads values as float32; 64-bit values are rounded.</summary>
    public void Read(Span<float> destination)
    {
        if (header is { Type: "f4", BigEndian: false } && BitConverter.IsLittleEndian)
        {
            Read(MemoryMarshal.AsBytes(destination)); // as they lie in the file
            return;
        }

        var size = header.ValueSize;
        for (var start = 0; start < destination.Length; start += 1 << 16)
        {
            var part = destination[start..Math.Min(destination.Length, start + (1 << 16))];
            var bytes = ReadBytes(part.Length * size);
            for (var index = 0; index < part.Length; index++)
            {
                part[index] = (float)Value(bytes.Slice(index * size, size));
            }
        }
    }

    /// <summary>Reads values one after another as double, as many as the shape says.</summary>
    public IEnumerable<double> ReadAll()
    {
        for (var left = (long)(header.ByteLength / (UInt128)header.ValueSize); left > 0; left--)
        {
            yield return Value(ReadBytes(header.ValueSize));
        }
    }

    /// <summary>Reads bytes as they are.</summary>
    public void Read(Span<byte> destination)
    {
        try
        {
            stream.ReadExactly(destination);
        }
        catch (Exception fault) when (fault is EndOfStreamException or InvalidDataException)
        {
            throw new DataException($"{place}: ends before the {header.ByteLength} bytes of values that shape [{string.Join(", ", header.Shape)}] needs. The file is truncated or damaged.", fault);
        }
    }

    private Span<byte> ReadBytes(int length)
    {
        if (_room.Length < length)
        {
            _room = new byte[length];
        }

        Read(_room.AsSpan(0, length));
        return _room.AsSpan(0, length);
    }

    private double Value(Span<byte> bytes)
    {
        if (header.BigEndian)
        {
            bytes.Reverse();
        }

        return header.Type switch
        {
            "b1" or "u1" => bytes[0],
            "i1" => (sbyte)bytes[0],
            "u2" => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            "i2" => BinaryPrimitives.ReadInt16LittleEndian(bytes),
            "u4" => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            "i4" => BinaryPrimitives.ReadInt32LittleEndian(bytes),
            "u8" => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
            "i8" => BinaryPrimitives.ReadInt64LittleEndian(bytes),
            "f2" => (double)BinaryPrimitives.ReadHalfLittleEndian(bytes),
            "f4" => BinaryPrimitives.ReadSingleLittleEndian(bytes),
            _ => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
        };
    }
}
