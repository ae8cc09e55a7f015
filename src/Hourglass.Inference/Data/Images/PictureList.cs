using System.Security.Cryptography;
using Hourglass.Data.Arrays;

namespace Hourglass.Data.Images;

/// <summary>The pictures of a folder, and what their names tell.</summary>
internal static class PictureList
{
    private static readonly string[] Endings = [".png", ".jpg", ".jpeg", ".webp", ".bmp", ".dcm", ".dicom"];

    /// <summary>Whether a file is a picture by its name, or by its mark where DICOM's files have no ending.</summary>
    public static bool IsPicture(string file) =>
        Endings.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase) || (Path.GetExtension(file).Length == 0 && DicomFile.IsDicom(file));

    /// <summary>All pictures in a folder and its sub-folders, in the order of their names; or one picture by itself.</summary>
    public static IEnumerable<string> Of(string path) => File.Exists(path) ? [path]
        : Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Where(IsPicture).Order(StringComparer.Ordinal);

    /// <summary>Whether any picture holds more than 8 bits.</summary>
    public static bool HasDeep(string path) => Of(path).Any(DeepPictureSource.IsDeep);

    /// <summary>Labels by sub-folder; null without sub-folders.</summary>
    public static SampleLabels? Labels(string folder, IReadOnlyList<string> files)
    {
        var labels = files.Select(file => Path.GetDirectoryName(Path.GetRelativePath(folder, file))).ToList();
        return labels.TrueForAll(string.IsNullOrEmpty) ? null : LabelCodes.From(labels);
    }

    /// <summary>SHA-256 of all files' bytes, in order.</summary>
    public static string Hash(IEnumerable<string> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files)
        {
            hash.AppendData(File.ReadAllBytes(file));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
