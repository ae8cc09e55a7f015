using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Hourglass.Data.Arrays;

/// <summary>Reads the values of a .npy array in order.</summary>
internal sealed class NpyValues(Stream stream, NpyHeader header, string place)
{
    private byte[] _room = [];

    /// <summary>Reads values as float32, rounded where they are wider.</summary>
    public void Read(Span<float> destination)
    {
        if (header is { Type: "f4", BigEndian: false } && BitConverter.IsLittleEndian)
        {
            Read(MemoryMarshal.AsBytes(destination)); // as they lie in the file
            return;
        }

        for (var start = 0; start < destination.Length; start += 1 << 16)
        {
            var part = destination[start..Math.Min(destination.Length, start + (1 << 16))];
            Convert(ReadBytes(part.Length * header.ValueSize), part);
        }
    }

    /// <summary>Reads values one after another as double, as many as the shape says.</summary>
    public IEnumerable<double> ReadAll()
    {
        var value = new double[1];
        for (var left = (long)(header.ByteLength / (UInt128)header.ValueSize); left > 0; left--)
        {
            Convert<double>(ReadBytes(header.ValueSize), value);
            yield return value[0];
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

    // In one way or the other of writing numbers, to single or double precision.
    private void Convert<T>(Span<byte> bytes, Span<T> values)
        where T : unmanaged, INumberBase<T>
    {
        if (header.BigEndian == BitConverter.IsLittleEndian)
        {
            for (var start = 0; start < bytes.Length; start += header.ValueSize)
            {
                bytes.Slice(start, header.ValueSize).Reverse();
            }
        }

        switch (header.Type)
        {
            case "b1" or "u1": Convert<byte, T>(bytes, values); break;
            case "i1": Convert<sbyte, T>(bytes, values); break;
            case "u2": Convert<ushort, T>(bytes, values); break;
            case "i2": Convert<short, T>(bytes, values); break;
            case "u4": Convert<uint, T>(bytes, values); break;
            case "i4": Convert<int, T>(bytes, values); break;
            case "u8": Convert<ulong, T>(bytes, values); break;
            case "i8": Convert<long, T>(bytes, values); break;
            case "f2": Convert<Half, T>(bytes, values); break;
            case "f4": Convert<float, T>(bytes, values); break;
            default: Convert<double, T>(bytes, values); break;
        }
    }

    private static void Convert<TFrom, T>(Span<byte> bytes, Span<T> values)
        where TFrom : unmanaged, INumberBase<TFrom>
        where T : unmanaged, INumberBase<T> => TensorPrimitives.ConvertTruncating<TFrom, T>(MemoryMarshal.Cast<byte, TFrom>(bytes), values);
}
