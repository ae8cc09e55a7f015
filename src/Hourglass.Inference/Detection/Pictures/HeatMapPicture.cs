using SkiaSharp;

namespace Hourglass.Detection.Pictures;

/// <summary>Draws where in a picture a score comes from.</summary>
public static class HeatMapPicture
{
    private const int WantedSide = 168; // pixels on screen for a small picture
    private const int Gap = 6;
    private static readonly SKColor Box = new(0, 190, 255);
    private static readonly SKColor[] Heat = [new(0, 0, 4), new(87, 16, 110), new(188, 55, 84), new(249, 142, 9), new(252, 255, 164)]; // dark to bright, in order of lightness, so that it also reads in grey

    /// <summary>The picture, the heat map, and both with a box around the strangest region, side by side.</summary>
    /// <param name="picture">[channel, height, width], around [0, 1]; others are clamped.</param>
    /// <param name="channels">1 or 3.</param>
    /// <param name="map">What each pixel adds; below 0 is drawn as 0.</param>
    /// <param name="hottest">What is drawn brightest; the map's own peak when null. Pictures that are compared share one.</param>
    /// <returns>The bytes of a PNG file.</returns>
    public static byte[] Png(float[] picture, int channels, HeatMap map, double? hottest = null)
    {
        var scale = Math.Max(1, WantedSide / Math.Max(map.Height, map.Width));
        var (width, height) = (map.Width * scale, map.Height * scale);
        using var sheet = new SKBitmap((3 * width) + (2 * Gap), height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(sheet);
        canvas.Clear(SKColors.White);
        var (plain, heat) = (Plain(picture, channels, map), Colours(map, hottest ?? map.Values.Max()));
        var overlay = plain.Zip(heat.Colours, heat.Shares).Select(pixel => Mix(pixel.First, pixel.Second, 0.75 * pixel.Third)).ToArray();
        foreach (var (pixels, column) in new[] { (plain, 0), (heat.Colours, 1), (overlay, 2) })
        {
            using var bitmap = new SKBitmap(map.Width, map.Height, SKColorType.Rgba8888, SKAlphaType.Opaque) { Pixels = pixels };
            using var image = SKImage.FromBitmap(bitmap);
            canvas.DrawImage(image, SKRect.Create(column * (width + Gap), 0, width, height), new SKSamplingOptions(SKFilterMode.Nearest));
        }

        if (map.Box() is { } box)
        {
            using var pen = new SKPaint { Color = Box, Style = SKPaintStyle.Stroke, StrokeWidth = 2 };
            canvas.DrawRect((2 * (width + Gap)) + (box.Left * scale) + 1, (box.Top * scale) + 1, (box.Width * scale) - 2, (box.Height * scale) - 2, pen);
        }

        using var drawn = SKImage.FromBitmap(sheet);
        using var data = drawn.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    private static SKColor[] Plain(float[] picture, int channels, HeatMap map)
    {
        var places = map.Height * map.Width;
        byte At(int channel, int place) => (byte)Math.Round(255 * Math.Clamp(picture[((channels >= 3 ? channel : 0) * places) + place], 0, 1));
        return [.. Enumerable.Range(0, places).Select(place => new SKColor(At(0, place), At(1, place), At(2, place)))];
    }

    private static (SKColor[] Colours, double[] Shares) Colours(HeatMap map, double hottest)
    {
        double[] shares = [.. map.Values.Select(value => hottest > 0 ? Math.Clamp(value / hottest, 0, 1) : 0)];
        return ([.. shares.Select(Colour)], shares);
    }

    private static SKColor Colour(double share)
    {
        var place = share * (Heat.Length - 1);
        var low = Math.Min((int)place, Heat.Length - 2);
        return Mix(Heat[low], Heat[low + 1], place - low);
    }

    private static SKColor Mix(SKColor from, SKColor to, double share)
    {
        byte Between(byte low, byte high) => (byte)Math.Round(low + (share * (high - low)));
        return new SKColor(Between(from.Red, to.Red), Between(from.Green, to.Green), Between(from.Blue, to.Blue));
    }
}
