using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Hourglass.Data.Images;

/// <summary>The elements of a DICOM file that a picture needs; others are passed over by their lengths.</summary>
/// <param name="file">All bytes of the file.</param>
/// <param name="path">The file's name, for faults.</param>
internal sealed class DicomElements(byte[] file, string path)
{
    private const uint PixelData = 0x7FE0_0010;
    private const uint Undefined = 0xFFFF_FFFF;
    private const uint Item = 0xFFFE_E000;
    private const uint ItemEnd = 0xFFFE_E00D;
    private const uint SequenceEnd = 0xFFFE_E0DD;
    private const int MaximumDepth = 32;
    private const int MaximumTextLength = 256;
    private readonly Dictionary<uint, (int Start, int Length)> _found = [];

    /// <summary>All bytes of the file.</summary>
    public byte[] File => file;

    /// <summary>Where the pixels stand.</summary>
    public (int Start, int Length)? Pixels => _found.TryGetValue(PixelData, out var place) ? place : null;

    /// <summary>Reads group 2, which is always explicit.</summary>
    /// <param name="place">Where it starts.</param>
    /// <returns>Where the data set starts.</returns>
    public int ReadHeader(int place)
    {
        while (place + 8 <= file.Length && BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(place)) == 2)
        {
            place = ReadElement(place, isExplicit: true, depth: 0);
        }

        return place;
    }

    /// <summary>Reads the data set.</summary>
    /// <param name="place">Where it starts.</param>
    /// <param name="isExplicit">Whether elements name their value representation.</param>
    public void ReadSet(int place, bool isExplicit)
    {
        while (Pixels is null && place + 8 <= file.Length)
        {
            place = ReadElement(place, isExplicit, depth: 0);
        }
    }

    /// <summary>A text, trimmed; null where it is missing.</summary>
    /// <exception cref="DataException">Longer than any text of this kind.</exception>
    public string? Text(uint tag) => !_found.TryGetValue(tag, out var place) || place.Length == 0 ? null
        : place.Length <= MaximumTextLength ? Encoding.ASCII.GetString(file, place.Start, place.Length).Trim('\0', ' ')
        : throw new DataException($"{path}: the text of element {Name(tag)} is {place.Length} bytes long, at most {MaximumTextLength} are read. The file is altered.");

    /// <summary>A 16-bit number; null where it is missing.</summary>
    public int? Number(uint tag) => _found.TryGetValue(tag, out var place) && place.Length >= 2 ? BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(place.Start)) : null;

    /// <summary>The first of the decimal numbers of an element; null where it is missing.</summary>
    /// <exception cref="DataException">It is no number.</exception>
    public double? Real(uint tag) => Text(tag) is not { Length: > 0 } text ? null
        : double.TryParse(text.Split('\\')[0], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) && Math.Abs(number) < 1e15 ? number
        : throw new DataException($"{path}: element {Name(tag)} must be a number, got '{text}'. The file is altered.");

    private static string Name(uint tag) => string.Create(CultureInfo.InvariantCulture, $"({tag >> 16:x4},{tag & 0xFFFF:x4})");

    // PS3.5 7.1.2: these write two empty bytes, then a length of four bytes; all others a length of two.
    private static bool IsLongForm(ReadOnlySpan<byte> representation) => (representation[0], representation[1]) switch
    {
        ((byte)'O', _) or ((byte)'S', (byte)'Q' or (byte)'V') or ((byte)'U', (byte)'C' or (byte)'R' or (byte)'T' or (byte)'N' or (byte)'V') => true,
        _ => false,
    };

    // Remembers one element and returns the place after it; sequences are passed over.
    private int ReadElement(int place, bool isExplicit, int depth)
    {
        var (tag, length, start) = Header(place, isExplicit, out var isUnknown);
        if (length == Undefined)
        {
            return tag == PixelData
                ? throw new DataException($"{path}: the pixels are packed in fragments although the transfer syntax says uncompressed. The file is altered.")
                : SkipItems(start, isExplicit && !isUnknown, depth + 1);
        }

        Require(start, length, place);
        if (depth == 0)
        {
            _found[tag] = (start, (int)length);
        }

        return start + (int)length;
    }

    private (uint Tag, uint Length, int Start) Header(int place, bool isExplicit, out bool isUnknown)
    {
        isUnknown = false;
        Require(place, 8, place);
        var tag = Tag(place);
        if (!isExplicit || tag >> 16 == Item >> 16) // items and their ends never name a representation
        {
            return (tag, Long(place + 4), place + 8);
        }

        var representation = file.AsSpan(place + 4, 2);
        if (!IsLongForm(representation))
        {
            return (tag, BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(place + 6)), place + 8);
        }

        isUnknown = representation.SequenceEqual("UN"u8); // PS3.5 6.2.2: what it holds is implicit
        Require(place, 12, place);
        return (tag, Long(place + 8), place + 12);
    }

    // Items up to the sequence's end; an item of undefined length holds elements up to its own end.
    private int SkipItems(int place, bool isExplicit, int depth)
    {
        if (depth > MaximumDepth)
        {
            throw new DataException($"{path}: sequences nested deeper than {MaximumDepth} at byte {place}. The file is altered.");
        }

        while (true)
        {
            Require(place, 8, place);
            var (tag, length) = (Tag(place), Long(place + 4));
            place += 8;
            if (tag == SequenceEnd)
            {
                return place;
            }

            if (tag != Item)
            {
                throw new DataException($"{path}: expected an item of a sequence at byte {place - 8}, found element {Name(tag)}. The file is altered.");
            }

            if (length == Undefined)
            {
                place = SkipItem(place, isExplicit, depth);
                continue;
            }

            Require(place, length, place - 8);
            place += (int)length;
        }
    }

    private int SkipItem(int place, bool isExplicit, int depth)
    {
        while (true)
        {
            Require(place, 8, place);
            if (Tag(place) == ItemEnd)
            {
                return place + 8;
            }

            place = ReadElement(place, isExplicit, depth);
        }
    }

    private uint Tag(int place) => ((uint)BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(place)) << 16) | BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(place + 2));

    private uint Long(int place) => BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(place));

    private void Require(int start, uint length, int element)
    {
        if (length > (uint)Math.Max(0, file.Length - start))
        {
            throw new DataException($"{path}: the element at byte {element} needs {length} bytes, {Math.Max(0, file.Length - start)} are left. The file is truncated or altered.");
        }
    }
}
