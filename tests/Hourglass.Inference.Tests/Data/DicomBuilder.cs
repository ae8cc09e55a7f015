using System.Buffers.Binary;
using System.Text;

namespace Hourglass.Inference.Tests.Data;

/// <summary>Writes DICOM files for tests, element by element.</summary>
internal sealed class DicomBuilder(bool isExplicit)
{
    private readonly List<byte> _set = [];

    public string Syntax { get; init; } = isExplicit ? "1.2.840.10008.1.2.1" : "1.2.840.10008.1.2";

    public DicomBuilder Number(uint tag, int value) => Element(_set, tag, "US", [(byte)value, (byte)(value >> 8)], isExplicit);

    public DicomBuilder Text(uint tag, string representation, string text) => Element(_set, tag, representation, Encoding.ASCII.GetBytes(text.Length % 2 == 0 ? text : text + " "), isExplicit);

    public DicomBuilder Bytes(uint tag, string representation, params byte[] value) => Element(_set, tag, representation, value, isExplicit);

    /// <summary>A sequence of undefined length with one item of undefined length that holds one element named like the picture's height.</summary>
    public DicomBuilder Sequence(uint tag)
    {
        _set.AddRange([(byte)(tag >> 16), (byte)(tag >> 24), (byte)tag, (byte)(tag >> 8)]);
        _set.AddRange(isExplicit ? "SQ\0\0"u8 : []);
        _set.AddRange([0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF]);
        Number(0x0028_0010, 999);
        _set.AddRange([0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0, 0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
        return this;
    }

    /// <summary>Size, depth and kind of a grey picture of 16 bits, or 8.</summary>
    public DicomBuilder Grey(int width, int height, int bits = 16, string photometric = "MONOCHROME2", bool isSigned = false) =>
        Number(0x0028_0002, 1).Text(0x0028_0004, "CS", photometric).Number(0x0028_0010, height).Number(0x0028_0011, width).Number(0x0028_0100, bits).Number(0x0028_0101, bits == 16 ? 12 : 8).Number(0x0028_0103, isSigned ? 1 : 0);

    public byte[] Build()
    {
        var header = new List<byte>();
        Element(header, 0x0002_0010, "UI", Encoding.ASCII.GetBytes(Syntax.Length % 2 == 0 ? Syntax : Syntax + "\0"), isLong: true);
        return [.. new byte[128], .. "DICM"u8, .. header, .. _set];
    }

    private DicomBuilder Element(List<byte> into, uint tag, string representation, byte[] value, bool isLong)
    {
        into.AddRange([(byte)(tag >> 16), (byte)(tag >> 24), (byte)tag, (byte)(tag >> 8)]);
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, value.Length);
        into.AddRange(!isLong ? length : [.. Encoding.ASCII.GetBytes(representation), .. representation is "OW" or "OB" or "UN" ? [0, 0, .. length] : length[..2]]);
        into.AddRange(value);
        return this;
    }
}
