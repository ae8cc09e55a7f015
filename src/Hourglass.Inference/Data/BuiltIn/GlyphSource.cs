using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Hourglass.Data.Arrays;

namespace Hourglass.Data.BuiltIn;

/// <summary>The packed pictures of letters and digits: 28 x 28 bytes each, label = character; see docs/glyphs.md.</summary>
/// <remarks>Resource: Brotli over [characters, text][typefaces, text][first test typeface, int32][pictures, 4-bit grey, two to a byte],
/// typeface by typeface. Written by tools/Hourglass.Glyphs.</remarks>
internal sealed class GlyphSource : ArraySource
{
    private const int Side = 28;
    private const int PackedLength = Side * Side / 2;
    private readonly byte[] _pictures;
    private int _next;

    private GlyphSource(byte[] pictures) => _pictures = pictures;

    public static GlyphSource Open(string name, bool isTest)
    {
        using var resource = typeof(GlyphSource).Assembly.GetManifestResourceStream("glyphs.bin")
            ?? throw new InvalidOperationException("The glyphs are not in the assembly.");
        using var reader = new BinaryReader(new BrotliStream(resource, CompressionMode.Decompress), Encoding.UTF8);
        var characters = reader.ReadString();
        var typefaces = reader.ReadString().Split('\n');
        var firstTest = reader.ReadInt32();
        var pictures = reader.ReadBytes(typefaces.Length * characters.Length * PackedLength);
        var range = isTest ? firstTest..typefaces.Length : 0..firstTest;
        var (offset, count) = range.GetOffsetAndLength(typefaces.Length);
        var source = new GlyphSource(pictures.AsSpan(offset * characters.Length * PackedLength, count * characters.Length * PackedLength).ToArray())
        {
            Name = name,
            Format = "glyphs",
            Count = count * characters.Length,
            Shape = [1, Side, Side],
            IsBytes = true,
            Labels = new SampleLabels([.. characters.Select(character => character.ToString())], [.. Enumerable.Range(0, count * characters.Length).Select(sample => sample % characters.Length)]),
        };
        source.Notes.Add($"{characters.Length} characters in {count} typefaces; {(isTest ? "the test typefaces" : "training typefaces")} of {typefaces.Length}.");
        return source;
    }

    public override string Hash() => Convert.ToHexStringLower(SHA256.HashData(_pictures));

    public override void Next(Span<byte> bytes, Span<float> floats)
    {
        var packed = _pictures.AsSpan(_next++ * PackedLength, PackedLength);
        for (var pair = 0; pair < PackedLength; pair++)
        {
            (bytes[2 * pair], bytes[(2 * pair) + 1]) = ((byte)((packed[pair] >> 4) * 17), (byte)((packed[pair] & 15) * 17));
        }
    }
}
