using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Hourglass.Inference.Tests.Data;

/// <summary>Files of arrays, as their formats say.</summary>
internal static class ArrayBytes
{
    /// <summary>A .npy file, version 1.</summary>
    public static byte[] Npy(string type, int[] shape, byte[] values, bool isFortran = false)
    {
        var header = $"{{'descr': '{type}', 'fortran_order': {(isFortran ? "True" : "False")}, 'shape': ({string.Join(", ", shape)},), }}".PadRight(117) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. values];
    }

    /// <summary>Values of such a file.</summary>
    public static byte[] Floats(params float[] values) => MemoryMarshal.AsBytes<float>(values).ToArray();

    /// <summary>An idx file of random bytes.</summary>
    public static byte[] Idx(params int[] shape)
    {
        var start = 4 * (1 + shape.Length);
        var bytes = new byte[start + shape.Aggregate(1, (product, size) => product * size)];
        (bytes[2], bytes[3]) = (8, (byte)shape.Length);
        for (var axis = 0; axis < shape.Length; axis++)
        {
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4 * (1 + axis)), shape[axis]);
        }

        new Random(1).NextBytes(bytes.AsSpan(start));
        return bytes;
    }

    /// <summary>A CIFAR-10 batch of random bytes and labels from 0 to 9.</summary>
    public static byte[] Cifar(int records, int seed)
    {
        var (bytes, random) = (new byte[records * 3073], new Random(seed));
        random.NextBytes(bytes);
        for (var record = 0; record < records; record++)
        {
            bytes[record * 3073] = (byte)random.Next(10);
        }

        return bytes;
    }
}
