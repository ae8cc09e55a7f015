using System.Globalization;
using System.Text;

namespace Hourglass.Glyphs;

/// <summary>Writes docs/glyphs.md: each typeface with its package and licence.</summary>
internal static class GlyphPage
{
    public static void Write(string path, List<Typeface> typefaces, int firstTest)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# Glyphs\n\n{typefaces.Count} typefaces x {GlyphRenderer.Characters.Length} characters ({GlyphRenderer.Characters}), 28 x 28 grey, 16 levels, white on black.\n");
        text.Append("Each character is centred by its box; all characters of a typeface share one size, chosen so that the largest takes 24 pixels.\n");
        text.Append("The pictures are drawings made with these typefaces; no font program is included. One upright, regular style of each family is\n");
        text.Append("used. Families that lack one of the characters, draw one blank, or equal another family are left out.\n\n");
        text.Append("Made by `dotnet run --project tools/Hourglass.Glyphs -- src/Hourglass.Inference/Data/BuiltIn/glyphs.bin docs/glyphs.md` on Debian 12\nwith the packages below installed.\n\n");
        text.Append(CultureInfo.InvariantCulture, $"`glyphs` has the first {firstTest} typefaces, `glyphs-test` the other {typefaces.Count - firstTest}. Licences are those that the package's copyright file names.\n\n| typeface | set | Debian package | licence |\n|---|---|---|---|\n");
        for (var index = 0; index < typefaces.Count; index++)
        {
            var typeface = typefaces[index];
            text.Append(CultureInfo.InvariantCulture, $"| {typeface.Family} | {(index < firstTest ? "glyphs" : "glyphs-test")} | {typeface.Package} {typeface.Version} | {typeface.Licence} |\n");
        }

        File.WriteAllText(path, text.ToString());
    }
}
