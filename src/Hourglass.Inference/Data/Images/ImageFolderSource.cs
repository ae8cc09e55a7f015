using System.Diagnostics.CodeAnalysis;
using Hourglass.Data.Arrays;
using SkiaSharp;

namespace Hourglass.Data.Images;

/// <summary>A folder of PNG, JPEG, WebP or BMP pictures; the name of a sub-folder is the label.</summary>
internal sealed class ImageFolderSource : ArraySource
{
    /// <summary>Larger pictures are refused before they are decoded.</summary>
    public const long MaximumPixels = 100_000_000;

    private readonly IReadOnlyList<string> _files;
    private readonly ResizePolicy _resize;
    private int _next;

    private ImageFolderSource(IReadOnlyList<string> files, ResizePolicy resize) => (_files, _resize) = (files, resize);

    /// <summary>Each picture with its own size.</summary>
    public IEnumerable<(string Path, int Width, int Height)> Sizes => _files.Select(file =>
    {
        using var codec = SKCodec.Create(file);
        return (file, codec.Info.Width, codec.Info.Height);
    });

    /// <summary>Opens a folder of pictures of 8 bits.</summary>
    /// <param name="folder">A folder, or one picture.</param>
    /// <param name="read">Size, grey or colour, policies.</param>
    /// <param name="shape">[channel, height, width] that a model asks for; from the options and the first picture when null.</param>
    public static ImageFolderSource Open(string folder, ReadOptions read, IReadOnlyList<int>? shape)
    {
        var notes = new List<string>();
        var files = new List<string>();
        SKImageInfo? first = null;
        foreach (var file in PictureList.Of(folder))
        {
            if (TryInspect(file, out var info, out var fault))
            {
                first ??= info;
                files.Add(file);
            }
            else if (read.OnBadRow == BadRowPolicy.Skip)
            {
                notes.Add($"Skipped: {fault}");
            }
            else
            {
                throw new DataException($"{fault} Remove it, or go on without it with --on-bad-row skip.");
            }
        }

        if (first is not { } model)
        {
            throw new DataException($"{folder}: no picture could be read (PNG, JPEG, WebP or BMP).");
        }

        int[] size = shape is not null ? [.. shape] : [(read.Grey ?? model.ColorType == SKColorType.Gray8) ? 1 : 3, read.Size?.Height ?? model.Height, read.Size?.Width ?? model.Width];
        notes.Add($"Pictures: {size[2]} x {size[1]}, {(size[0] == 1 ? "grey" : "colour")}; other sizes: {read.Resize.ToString().ToLowerInvariant()}.");
        var source = new ImageFolderSource(files, read.Resize)
        {
            Name = folder,
            Format = "images",
            Count = files.Count,
            Shape = size,
            IsBytes = true,
            Labels = PictureList.Labels(folder, files),
        };
        source.Notes.AddRange(notes);
        return source;
    }

    public override string Hash() => PictureList.Hash(_files);

    public override bool CanBeCut => true;

    public override void MoveTo(long sample) => _next = (int)sample;

    public override void Next(Span<byte> bytes, Span<float> floats)
    {
        var file = _files[_next++];
        using var decoded = SKBitmap.Decode(file) ?? throw new DataException($"{file}: cannot be decoded as a picture. Remove it.");
        using var sized = Resized(decoded, file);
        var places = Shape[1] * Shape[2];
        var pixels = sized.Pixels;
        for (var place = 0; place < places; place++)
        {
            var pixel = pixels[place];
            if (Shape[0] == 1)
            {
                bytes[place] = (byte)Math.Round((0.299 * pixel.Red) + (0.587 * pixel.Green) + (0.114 * pixel.Blue)); // ITU-R BT.601
                continue;
            }

            (bytes[place], bytes[places + place], bytes[(2 * places) + place]) = (pixel.Red, pixel.Green, pixel.Blue);
        }
    }

    private static bool TryInspect(string file, out SKImageInfo info, [NotNullWhen(false)] out string? fault)
    {
        using var codec = SKCodec.Create(file);
        info = codec?.Info ?? SKImageInfo.Empty;
        fault = codec is null ? $"{file}: not a picture that can be decoded."
            : (long)info.Width * info.Height > MaximumPixels ? $"{file}: {info.Width} x {info.Height} pixels; at most {MaximumPixels} are read."
            : null;
        return fault is null;
    }

    private SKBitmap Resized(SKBitmap picture, string file)
    {
        var (width, height) = (Shape[2], Shape[1]);
        if (picture.Width == width && picture.Height == height)
        {
            return picture.Copy(SKColorType.Rgba8888);
        }

        if (_resize == ResizePolicy.Refuse)
        {
            throw new DataException($"{file}: {picture.Width} x {picture.Height} pixels, expected {width} x {height}. Use --resize fit or crop.");
        }

        var scale = Math.Max((double)width / picture.Width, (double)height / picture.Height);
        var (cutWidth, cutHeight) = _resize == ResizePolicy.Crop ? (width / scale, height / scale) : (picture.Width, picture.Height);
        var source = SKRect.Create((float)((picture.Width - cutWidth) / 2), (float)((picture.Height - cutHeight) / 2), (float)cutWidth, (float)cutHeight);
        var sized = new SKBitmap(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(sized);
        using var image = SKImage.FromBitmap(picture);
        canvas.Clear(SKColors.White);
        canvas.DrawImage(image, source, SKRect.Create(width, height), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
        return sized;
    }
}
