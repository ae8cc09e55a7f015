using System.Buffers.Binary;
using System.IO.Hashing;

namespace Hourglass.Data.Stores;

/// <summary>The first 128 bytes of a sample store; docs/sample-store.md has the layout.</summary>
internal sealed record StoreHeader(long Count, int[] Shape, ElementType ElementType, string ContentHash)
{
    /// <summary>Bytes of an entry.</summary>
    public const int EntrySize = 8;

    /// <summary>Bytes before the first value.</summary>
    public const int Size = 128;

    private const int HashedLength = 120;
    private static ReadOnlySpan<byte> Magic => "HGLSTORE"u8;

    /// <summary>Values in one sample.</summary>
    public int SampleLength => Shape.Aggregate(1, (product, size) => checked(product * size));

    /// <summary>Values that are not zero, where only these are held; else 0.</summary>
    public long Entries { get; init; }

    private int ValueSize => ElementType == ElementType.UInt8 ? 1 : 4;

    public byte[] ToBytes()
    {
        var bytes = new byte[Size];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), 1); // version
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), (int)ElementType);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), Count);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(24), Shape.Length);
        for (var axis = 0; axis < Shape.Length; axis++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(28 + (axis * 4)), Shape[axis]);
        }

        Convert.FromHexString(ContentHash).CopyTo(bytes, 64);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(80), Entries);
        XxHash64.Hash(bytes.AsSpan(0, HashedLength), bytes.AsSpan(HashedLength));
        return bytes;
    }

    public static StoreHeader Read(Stream stream, string path)
    {
        var bytes = new byte[Size];
        if (stream.ReadAtLeast(bytes, Size, throwOnEndOfStream: false) < Size || !bytes.AsSpan(0, 8).SequenceEqual(Magic))
        {
            throw new DataException($"{path}: not a sample store (expected the 8 bytes HGLSTORE at its start and {Size} bytes of header).");
        }

        var (version, type) = (BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(8)), BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(12)));
        var (count, axes) = (BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(16)), BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(24)));
        if (!XxHash64.Hash(bytes.AsSpan(0, HashedLength)).AsSpan().SequenceEqual(bytes.AsSpan(HashedLength)))
        {
            throw new DataException($"{path}: the header does not match its checksum; the store is altered. Delete it and read the source again.");
        }

        var entries = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(80));
        if (version != 1 || type is not (1 or 2 or 3) || axes is < 1 or > 8 || count < 0 || entries < 0)
        {
            throw new DataException($"{path}: sample store of version {version}, type {type}, {axes} axes; this program reads version 1.");
        }

        var shape = Enumerable.Range(0, axes).Select(axis => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(28 + (axis * 4)))).ToArray();
        var header = new StoreHeader(count, shape, (ElementType)type, Convert.ToHexStringLower(bytes.AsSpan(64, 16))) { Entries = entries };
        var length = shape.Aggregate((UInt128)1, (product, size) => size < 1 ? 0 : product * (UInt128)size);
        var expected = Size + (type == (int)ElementType.Entries ? ((UInt128)entries * EntrySize) + (((UInt128)count + 1) * sizeof(long)) : (UInt128)count * length * (UInt128)header.ValueSize);
        if (length == 0 || length > int.MaxValue / 4 || expected != (UInt128)stream.Length)
        {
            throw new DataException($"{path}: expected {expected} bytes for {count} samples of shape [{string.Join(", ", shape)}], found {stream.Length}. The store is truncated; delete it and read the source again.");
        }

        return header;
    }
}
