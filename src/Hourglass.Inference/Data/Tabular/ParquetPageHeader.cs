namespace Hourglass.Data.Tabular;

/// <summary>What stands before a page of a Parquet column, in Thrift's compact protocol.</summary>
/// <remarks>Source: https://github.com/apache/parquet-format, parquet.thrift; https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md.</remarks>
internal ref struct ParquetPageHeader
{
    private const int Stop = 0;
    private const int True = 1;
    private const int False = 2;
    private const int Structure = 12;
    private const int Deepest = 16;
    private readonly ReadOnlySpan<byte> _bytes;

    private ParquetPageHeader(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>0 for data, 2 for a dictionary, 3 for data of the second version.</summary>
    public int Type { get; private set; }

    /// <summary>Bytes of the page once unpacked.</summary>
    public int Size { get; private set; }

    /// <summary>Bytes of the page as it stands in the file.</summary>
    public int PackedSize { get; private set; }

    /// <summary>Values, missing ones included.</summary>
    public int Values { get; private set; }

    /// <summary>0 for plain values, 2 and 8 for numbers of the dictionary's.</summary>
    public int Encoding { get; private set; }

    /// <summary>Second version: bytes of levels, which are not packed.</summary>
    public int LevelBytes { get; private set; }

    /// <summary>Whether the page is packed by the column's codec.</summary>
    public bool IsPacked { get; private set; } = true;

    /// <summary>Bytes of the header itself.</summary>
    public int Length { get; private set; }

    /// <summary>Reads a header.</summary>
    /// <param name="bytes">Begin with it.</param>
    /// <exception cref="IndexOutOfRangeException">The bytes end within it.</exception>
    /// <exception cref="InvalidDataException">They are no header.</exception>
    public static ParquetPageHeader Read(ReadOnlySpan<byte> bytes)
    {
        var header = new ParquetPageHeader(bytes);
        header.ReadStructure(0, 0);
        return header.Size >= 0 && header.PackedSize >= 0 && header.Values >= 0 && header.LevelBytes >= 0 ? header : throw new InvalidDataException("A page of negative size.");
    }

    // Fields by the number of the structure that holds them: 0 for the page's own, 5, 7 and 8 for those of its kinds.
    private void ReadStructure(int structure, int depth)
    {
        if (depth > Deepest)
        {
            throw new InvalidDataException("A header nested too deep.");
        }

        for (var field = 0; _bytes[Length++] is var head && (head & 15) != Stop;)
        {
            field = head >> 4 == 0 ? (int)Number() : field + (head >> 4);
            var type = head & 15;
            if (type is >= 4 and <= 6)
            {
                Set(structure, field, (int)Number());
            }
            else if (type is True or False)
            {
                IsPacked = (structure, field) == (8, 7) ? type == True : IsPacked;
            }
            else
            {
                Skip(type, depth == 0 ? field : -1, depth);
            }
        }
    }

    private void Set(int structure, int field, int value)
    {
        switch (structure, field)
        {
            case (0, 1): Type = value; break;
            case (0, 2): Size = value; break;
            case (0, 3): PackedSize = value; break;
            case (5 or 7 or 8, 1): Values = value; break;
            case (5 or 7, 2) or (8, 4): Encoding = value; break;
            case (8, 5 or 6): LevelBytes += value; break;
        }
    }

    private void Skip(int type, int structure, int depth)
    {
        switch (type)
        {
            case 3: Length++; break; // byte
            case 7: Length += sizeof(double); break;
            case 8: Length = checked((int)Unsigned() + Length); break; // bytes and text, after their number
            case Structure: ReadStructure(structure, depth + 1); break;
            default: throw new InvalidDataException($"A field of type {type} in a page's header."); // lists and maps: none is defined there
        }
    }

    private long Number() => Unsigned() is var bits ? (long)(bits >> 1) ^ -(long)(bits & 1) : 0; // zigzag

    private ulong Unsigned()
    {
        var (value, shift) = (0UL, 0);
        for (; shift < 64; shift += 7)
        {
            var part = _bytes[Length++];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException("A number of more than 64 bits.");
    }
}
