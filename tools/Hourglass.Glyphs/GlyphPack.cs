using System.IO.Compression;
using System.Text;

namespace Hourglass.Glyphs;

/// <summary>Writes the resource that GlyphSource reads; its remarks have the layout.</summary>
internal static class GlyphPack
{
    public static int Write(string path, List<(Typeface Typeface, byte[][] Pictures)> typefaces)
    {
        // Every fifth family in the order of names is for testing; the rest come first.
        var ordered = typefaces.Where((_, index) => index % 5 != 4).Concat(typefaces.Where((_, index) => index % 5 == 4)).ToList();
        var firstTest = typefaces.Where((_, index) => index % 5 != 4).Count();
        typefaces.Clear();
        typefaces.AddRange(ordered);
        using var writer = new BinaryWriter(new BrotliStream(File.Create(path), CompressionLevel.SmallestSize), Encoding.UTF8);
        writer.Write(GlyphRenderer.Characters);
        writer.Write(string.Join('\n', ordered.Select(entry => entry.Typeface.Family)));
        writer.Write(firstTest);
        foreach (var picture in ordered.SelectMany(entry => entry.Pictures))
        {
            for (var pixel = 0; pixel < picture.Length; pixel += 2)
            {
                writer.Write((byte)((Level(picture[pixel]) << 4) | Level(picture[pixel + 1])));
            }
        }

        return firstTest;
    }

    private static int Level(byte value) => (value + 8) / 17;
}
