using Hourglass.Bundles;
using SkiaSharp;

namespace Hourglass.Data.Output;

/// <summary>Dots in a plane as a PNG, coloured by group.</summary>
public static class ScatterPicture
{
    private const int Side = 900;
    private const int Margin = 24;

    // Okabe and Ito 2008: told apart with any colour vision.
    private static readonly SKColor[] Palette =
    [
        new(0x00, 0x72, 0xb2), new(0xe6, 0x9f, 0x00), new(0x00, 0x9e, 0x73), new(0xcc, 0x79, 0xa7), new(0xd5, 0x5e, 0x00), new(0x56, 0xb4, 0xe9), new(0xb0, 0xa0, 0x20), new(0x60, 0x60, 0x60), new(0x80, 0x30, 0x90), new(0x20, 0x80, 0x20),
    ];

    /// <summary>Draws the dots.</summary>
    /// <param name="path">Where it goes.</param>
    /// <param name="points">Places.</param>
    /// <param name="groups">Group of each point; -1 for none.</param>
    public static void Write(string path, IReadOnlyList<(double X, double Y)> points, IReadOnlyList<int> groups)
    {
        var (left, right, low, high) = (points.Min(point => point.X), points.Max(point => point.X), points.Min(point => point.Y), points.Max(point => point.Y));
        using var bitmap = new SKBitmap(Side, Side, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(SKColors.White);
        using var paint = new SKPaint { IsAntialias = true };
        for (var index = 0; index < points.Count; index++)
        {
            paint.Color = groups[index] < 0 ? SKColors.Gray : Palette[groups[index] % Palette.Length];
            canvas.DrawCircle(Place(points[index].X, left, right), Side - Place(points[index].Y, low, high), 3, paint);
        }

        using var image = SKImage.FromBitmap(bitmap);
        using var data = image.Encode(SKEncodedImageFormat.Png, 100);
        AtomicFile.Write(path, stream => data.SaveTo(stream));
    }

    private static float Place(double value, double low, double high) => (float)(Margin + ((value - low) / Math.Max(1e-12, high - low) * (Side - (2 * Margin))));
}
