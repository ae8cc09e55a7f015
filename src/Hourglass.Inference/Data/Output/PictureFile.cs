using Hourglass.Bundles;
using SkiaSharp;

namespace Hourglass.Data.Output;

/// <summary>Writes one picture.</summary>
public static class PictureFile
{
    /// <summary>Writes a picture; the ending says the format.</summary>
    /// <param name="path">.png, .jpg, .jpeg or .webp.</param>
    /// <param name="values">[channel, height, width] around [0, 1]; others are clamped.</param>
    /// <param name="channels">1 or 3.</param>
    /// <param name="width">Pixels across.</param>
    /// <param name="height">Pixels down.</param>
    /// <exception cref="HourglassException">Another ending.</exception>
    public static void Write(string path, float[] values, int channels, int width, int height)
    {
        var format = Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".png" => SKEncodedImageFormat.Png,
            ".jpg" or ".jpeg" => SKEncodedImageFormat.Jpeg,
            ".webp" => SKEncodedImageFormat.Webp,
            var other => throw new HourglassException($"--out {path}: pictures are written as .png, .jpg or .webp, not '{other}'."),
        };
        var places = width * height;
        byte At(int channel, int place) => (byte)Math.Round(255 * Math.Clamp(values[((channels == 1 ? 0 : channel) * places) + place], 0, 1));
        using var bitmap = new SKBitmap(width, height, channels == 1 ? SKColorType.Gray8 : SKColorType.Rgba8888, SKAlphaType.Opaque);
        bitmap.Pixels = [.. Enumerable.Range(0, places).Select(place => new SKColor(At(0, place), At(1, place), At(2, place)))];
        using var image = SKImage.FromBitmap(bitmap);
        using var data = image.Encode(format, 95);
        AtomicFile.Write(path, stream => data.SaveTo(stream));
    }
}
