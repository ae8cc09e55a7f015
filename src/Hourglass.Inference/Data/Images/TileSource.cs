using Hourglass.Data.Arrays;
using SkiaSharp;

namespace Hourglass.Data.Images;

/// <summary>Overlapping squares cut from a folder's pictures at their own size, row by row.</summary>
internal sealed class TileSource : ArraySource
{
    private readonly IReadOnlyList<(string Path, int Across, int Down)> _files;
    private readonly Func<string> _hash;
    private readonly TileOptions _tile;
    private PictureBytes? _picture;
    private int _file;
    private int _next;

    private TileSource(IReadOnlyList<(string Path, int Across, int Down)> files, TileOptions tile, Func<string> hash) => (_files, _tile, _hash) = (files, tile, hash);

    /// <summary>Cuts the pictures of a folder source.</summary>
    /// <param name="folder">The folder, opened.</param>
    /// <param name="tile">Side and step.</param>
    public static TileSource Open(ImageFolderSource folder, TileOptions tile)
    {
        var files = new List<(string Path, int Across, int Down)>();
        var notes = new List<string>();
        foreach (var (path, width, height) in folder.Sizes)
        {
            if (width < tile.Side || height < tile.Side)
            {
                notes.Add($"Skipped: {path}: {width} x {height} pixels are less than a tile of {tile.Side}.");
                continue;
            }

            files.Add((path, ((width - tile.Side) / tile.Step) + 1, ((height - tile.Side) / tile.Step) + 1));
        }

        var count = files.Sum(file => (long)file.Across * file.Down);
        if (count == 0)
        {
            throw new DataException($"{folder.Name}: no picture is at least {tile.Side} x {tile.Side}. Give a smaller --tile.");
        }

        var source = new TileSource(files, tile, folder.Hash) { Name = folder.Name, Format = "images", Count = count, Shape = [folder.Shape[0], tile.Side, tile.Side], IsBytes = true };
        source.Notes.AddRange(notes);
        source.Notes.Add($"Tiles: {count} of {tile.Side} x {tile.Side}, {tile.Step} pixels apart, from {files.Count} pictures.");
        return source;
    }

    public override string Hash() => _hash();

    public override bool CanBeCut => true;

    public override void MoveTo(long sample)
    {
        for (_file = 0; sample > 0 && sample >= (long)_files[_file].Across * _files[_file].Down; _file++)
        {
            sample -= (long)_files[_file].Across * _files[_file].Down;
        }

        (_next, _picture) = ((int)sample, null);
    }

    public override void Next(Span<byte> bytes, Span<float> floats)
    {
        var file = _files[_file];
        _picture ??= PictureBytes.Read(file.Path, Shape[0] == 1);
        _picture.CopyTile(_next % file.Across * _tile.Step, _next / file.Across * _tile.Step, _tile.Side, bytes);
        if (++_next == file.Across * file.Down)
        {
            (_file, _next, _picture) = (_file + 1, 0, null);
        }
    }
}

/// <summary>A decoded picture as planes of bytes.</summary>
/// <param name="Width">Pixels across.</param>
/// <param name="Height">Pixels down.</param>
/// <param name="Planes">[channel, height, width].</param>
public sealed record PictureBytes(int Width, int Height, byte[] Planes)
{
    /// <summary>Channels: 1 or 3.</summary>
    public int Channels => Planes.Length / (Width * Height);

    /// <summary>Decodes a picture.</summary>
    /// <param name="path">PNG, JPEG, WebP or BMP.</param>
    /// <param name="isGrey">One channel (ITU-R BT.601) instead of three; that of the file when null.</param>
    /// <exception cref="DataException">It is no picture, or too large.</exception>
    public static PictureBytes Read(string path, bool? isGrey = null)
    {
        if (!File.Exists(path))
        {
            throw new DataException($"There is no picture {path}.");
        }

        using var codec = SKCodec.Create(path) ?? throw new DataException($"{path}: not a picture that can be decoded (PNG, JPEG, WebP, BMP).");
        if ((long)codec.Info.Width * codec.Info.Height > ImageFolderSource.MaximumPixels)
        {
            throw new DataException($"{path}: {codec.Info.Width} x {codec.Info.Height} pixels; at most {ImageFolderSource.MaximumPixels} are read.");
        }

        using var decoded = SKBitmap.Decode(codec) ?? throw new DataException($"{path}: cannot be decoded as a picture.");
        var grey = isGrey ?? decoded.ColorType == SKColorType.Gray8;
        using var plain = decoded.Copy(SKColorType.Rgba8888);
        var (pixels, places) = (plain.Pixels, plain.Width * plain.Height);
        var planes = new byte[grey ? places : 3 * places];
        for (var place = 0; place < places; place++)
        {
            var pixel = pixels[place];
            if (grey)
            {
                planes[place] = (byte)Math.Round((0.299 * pixel.Red) + (0.587 * pixel.Green) + (0.114 * pixel.Blue));
                continue;
            }

            (planes[place], planes[places + place], planes[(2 * places) + place]) = (pixel.Red, pixel.Green, pixel.Blue);
        }

        return new PictureBytes(plain.Width, plain.Height, planes);
    }

    /// <summary>Copies a square.</summary>
    internal void CopyTile(int left, int top, int side, Span<byte> bytes)
    {
        for (var channel = 0; channel < Channels; channel++)
        {
            for (var row = 0; row < side; row++)
            {
                Planes.AsSpan((((channel * Height) + top + row) * Width) + left, side).CopyTo(bytes[(((channel * side) + row) * side)..]);
            }
        }
    }
}
