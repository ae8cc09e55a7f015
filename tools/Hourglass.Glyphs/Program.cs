// Renders the glyphs that ship with Hourglass from installed Debian font packages. See docs/glyphs.md for how to run it.
using Hourglass.Glyphs;

var (resource, page) = (args[0], args[1]);
var typefaces = TypefaceCatalogue.Find("/usr/share/fonts");
var pictures = new List<(Typeface Typeface, byte[][] Pictures)>();
foreach (var typeface in typefaces)
{
    if (GlyphRenderer.Render(typeface.Path) is { } rendered && !pictures.Exists(other => GlyphRenderer.AreAlike(other.Pictures, rendered)))
    {
        pictures.Add((typeface, rendered));
    }
}

var firstTest = GlyphPack.Write(resource, pictures);
GlyphPage.Write(page, [.. pictures.Select(entry => entry.Typeface)], firstTest);
Console.WriteLine($"{pictures.Count} typefaces of {typefaces.Count} families, {firstTest} to train; {new FileInfo(resource).Length} bytes");
