using SkiaSharp;

namespace Hourglass.Glyphs;

/// <summary>Draws characters white on black, centred, with one size for each typeface so that letters keep their proportions.</summary>
internal static class GlyphRenderer
{
    public const string Characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    public const int Side = 28;
    private const int Body = 24; // pixels that the tallest character of a typeface may take

    /// <summary>All characters of a typeface; null when it lacks one, or draws one blank or two alike.</summary>
    public static byte[][]? Render(string path)
    {
        using var face = SKTypeface.FromFile(path);
        if (face is null || Characters.Any(character => face.GetGlyph(character) == 0))
        {
            return null;
        }

        using var font = new SKFont(face, 100) { Edging = SKFontEdging.Antialias, Hinting = SKFontHinting.None, Subpixel = true };
        var boxes = Characters.Select(character =>
        {
            font.MeasureText(character.ToString(), out var box);
            return box;
        }).ToArray();
        var size = 100f * Body / Math.Max(boxes.Max(box => box.Height), boxes.Max(box => box.Width));
        if (!float.IsFinite(size) || boxes.Any(box => box.Height * size / 100 < 4 || box.Width * size / 100 < 1))
        {
            return null;
        }

        font.Size = size;
        var pictures = Characters.Select((character, index) => Draw(font, character, boxes[index], size / 100)).ToArray();
        var isDistinct = Distance(pictures[0], pictures[1]) > 10 && Distance(pictures[26], pictures[27]) > 10 && Distance(pictures[0], pictures[26]) > 8 && Distance(pictures[53], pictures[54]) > 10;
        return isDistinct && pictures.All(picture => picture.Average(value => value) is > 3 and < 140) ? pictures : null;
    }

    /// <summary>Whether two typefaces are the same drawing under two names.</summary>
    public static bool AreAlike(byte[][] first, byte[][] second) => first.Zip(second, Distance).Average() < 6;

    private static double Distance(byte[] first, byte[] second) => first.Zip(second, (a, b) => Math.Abs(a - b)).Average();

    private static byte[] Draw(SKFont font, char character, SKRect box, float scale)
    {
        using var bitmap = new SKBitmap(Side, Side, SKColorType.Gray8, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(bitmap);
        using var paint = new SKPaint { Color = SKColors.White, IsAntialias = true };
        canvas.Clear(SKColors.Black);
        canvas.DrawText(character.ToString(), (Side / 2f) - (box.MidX * scale), (Side / 2f) - (box.MidY * scale), font, paint);
        return bitmap.Bytes;
    }
}
