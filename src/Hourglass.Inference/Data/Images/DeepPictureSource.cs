using Hourglass.Data.Arrays;

namespace Hourglass.Data.Images;

/// <summary>Grey pictures of which some hold more than 8 bits: PNG of 16 bits and DICOM, as float32 brightness from 0 to 1.</summary>
/// <remarks>Pictures of 8 bits among them are converted: brightness / 255, colours to grey. So a folder has one meaning whatever it mixes, and nothing is lost.</remarks>
internal sealed class DeepPictureSource : ArraySource
{
    private readonly IReadOnlyList<string> _files;
    private readonly ResizePolicy _resize;
    private int _next;

    private DeepPictureSource(IReadOnlyList<string> files, ResizePolicy resize) => (_files, _resize) = (files, resize);

    /// <summary>Whether a picture may hold more than 8 bits.</summary>
    public static bool IsDeep(string file) => DicomFile.IsDicom(file) || PngFile.IsGrey16(file);

    /// <summary>Opens a folder.</summary>
    /// <param name="folder">A folder, or one picture.</param>
    /// <param name="read">Size and policies.</param>
    /// <param name="shape">[1, height, width] that a model asks for; from the options and the first picture when null.</param>
    /// <exception cref="DataException">Colour or tiles are asked for, or a picture cannot be read and the policy is to stop.</exception>
    public static DeepPictureSource Open(string folder, ReadOptions read, IReadOnlyList<int>? shape)
    {
        if (read.Tile is not null || read.Grey == false || shape is [not 1, ..])
        {
            throw new DataException($"{folder}: pictures of 16 bits and DICOM are read in grey and whole, without --tile and --grey false. Convert them to 8 bits first.");
        }

        var (files, notes, size) = (new List<string>(), new List<string>(), read.Size);
        var deep = 0;
        foreach (var file in PictureList.Of(folder))
        {
            if (size is null || read.OnBadRow == BadRowPolicy.Skip)
            {
                if (TryRead(file, read.OnBadRow, notes) is not { } picture)
                {
                    continue;
                }

                size ??= new ImageSize(picture.Width, picture.Height);
            }

            files.Add(file);
            deep += IsDeep(file) ? 1 : 0;
        }

        var wanted = shape is [_, var height, var width] ? new ImageSize(width, height)
            : size ?? throw new DataException($"{folder}: no picture could be read (PNG, JPEG, WebP, BMP, DICOM).");
        var source = new DeepPictureSource(files, read.Resize) { Name = folder, Format = "images", Count = files.Count, Shape = [1, wanted.Height, wanted.Width], IsBytes = false, Labels = PictureList.Labels(folder, files) };
        source.Notes.AddRange(notes);
        source.Notes.Add($"Pictures: {wanted.Width} x {wanted.Height}, grey, float32 from 0 to 1; other sizes: {read.Resize.ToString().ToLowerInvariant()}."
            + (deep < files.Count ? $" {files.Count - deep} of {files.Count} hold 8 bits and were converted (brightness / 255)." : ""));
        return source;
    }

    public override string Hash() => PictureList.Hash(_files);

    public override bool CanBeCut => true;

    public override void MoveTo(long sample) => _next = (int)sample;

    public override void Next(Span<byte> bytes, Span<float> floats)
    {
        var file = _files[_next++];
        Read(file).Resized(Shape[2], Shape[1], _resize, file).Values.CopyTo(floats);
    }

    // Where bad ones are left out, read whole to know which these are; else the first bad one stops the reading when its turn comes.
    private static GreyPicture? TryRead(string file, BadRowPolicy policy, List<string> notes)
    {
        try
        {
            return Read(file);
        }
        catch (DataException fault) when (policy == BadRowPolicy.Skip)
        {
            notes.Add($"Skipped: {fault.Message}");
            return null;
        }
    }

    private static GreyPicture Read(string file)
    {
        if (DicomFile.IsDicom(file))
        {
            return DicomFile.Read(file);
        }

        if (PngFile.IsGrey16(file))
        {
            return PngFile.ReadGrey16(file);
        }

        var picture = PictureBytes.Read(file, isGrey: true);
        return new GreyPicture(picture.Width, picture.Height, [.. picture.Planes.Select(level => level / 255f)]);
    }
}
