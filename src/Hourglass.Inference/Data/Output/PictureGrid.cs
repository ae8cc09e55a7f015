using Hourglass.Bundles;
using SkiaSharp;

namespace Hourglass.Data.Output;

/// <summary>Pictures side by side, small ones enlarged so that pixels can be seen.</summary>
public static class PictureGrid
{
    private const int Gap = 2;
    private const int WantedSide = 56; // pixels on screen for a small picture

    /// <summary>Draws a grid.</summary>
    /// <param name="pictures">Values in [0, 1], [channel, height, width] each; others are clamped.</param>
    /// <param name="shape">[channel, height, width].</param>
    /// <param name="columns">Pictures in a row.</param>
    /// <returns>The bytes of a PNG file.</returns>
    public static byte[] Png(IReadOnlyList<float[]> pictures, IReadOnlyList<int> shape, int columns)
    {
        var (height, width) = (shape[1], shape[2]);
        var scale = Math.Max(1, WantedSide / Math.Max(height, width));
        var rows = (pictures.Count + columns - 1) / columns;
        using var grid = new SKBitmap((columns * ((width * scale) + Gap)) + Gap, (Math.Max(1, rows) * ((height * scale) + Gap)) + Gap, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(grid);
        canvas.Clear(new SKColor(128, 128, 128));
        for (var index = 0; index < pictures.Count; index++)
        {
            using var picture = Bitmap(pictures[index], shape);
            using var image = SKImage.FromBitmap(picture);
            canvas.DrawImage(
                image, SKRect.Create(Gap + (index % columns * ((width * scale) + Gap)), Gap + (index / columns * ((height * scale) + Gap)), width * scale, height * scale), new SKSamplingOptions(SKFilterMode.Nearest));
        }

        using var drawn = SKImage.FromBitmap(grid);
        using var data = drawn.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    /// <summary>Draws a grid into a file.</summary>
    /// <param name="path">Where it goes.</param>
    /// <param name="pictures">Values in [0, 1].</param>
    /// <param name="shape">[channel, height, width].</param>
    /// <param name="columns">Pictures in a row.</param>
    public static void Write(string path, IReadOnlyList<float[]> pictures, IReadOnlyList<int> shape, int columns)
    {
        var bytes = Png(pictures, shape, columns);
        AtomicFile.Write(path, stream => stream.Write(bytes));
    }

    private static SKBitmap Bitmap(float[] values, IReadOnlyList<int> shape)
    {
        var (places, picture) = (shape[1] * shape[2], new SKBitmap(shape[2], shape[1], SKColorType.Rgba8888, SKAlphaType.Opaque));
        var pixels = new SKColor[places];
        for (var place = 0; place < places; place++)
        {
            pixels[place] = shape[0] >= 3
                ? new SKColor(Level(values[place]), Level(values[places + place]), Level(values[(2 * places) + place]))
                : new SKColor(Level(values[place]), Level(values[place]), Level(values[place]));
        }

        picture.Pixels = pixels;
        return picture;
    }

    private static byte Level(float value) => (byte)Math.Round(255 * Math.Clamp(float.IsNaN(value) ? 0 : value, 0, 1));
}
