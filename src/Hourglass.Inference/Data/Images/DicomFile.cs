using System.Buffers.Binary;

namespace Hourglass.Data.Images;

/// <summary>Reads single-frame, uncompressed, grey DICOM pictures.</summary>
/// <remarks>DICOM PS3.3 C.7.6.3 and C.11, PS3.5 section 7 and annex A. Explicit and implicit value representation, little endian; 8 and 16 bits, signed or not;
/// MONOCHROME1 and MONOCHROME2; rescale slope and intercept; the first window. Lengths are checked against the file before anything is copied.</remarks>
internal static class DicomFile
{
    private const int PreambleLength = 128;
    private const string Implicit = "1.2.840.10008.1.2";
    private const string Explicit = "1.2.840.10008.1.2.1";

    /// <summary>Whether a file has DICOM's mark after its preamble.</summary>
    /// <param name="path">Any file.</param>
    public static bool IsDicom(string path)
    {
        using var stream = File.OpenRead(path);
        Span<byte> start = stackalloc byte[PreambleLength + 4];
        return stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start[PreambleLength..].SequenceEqual("DICM"u8);
    }

    /// <summary>Reads a picture.</summary>
    /// <param name="path">A file with DICOM's mark.</param>
    /// <returns>Brightness from 0, black, to 1, white: the window where the file names one, else the range of its own values.</returns>
    /// <exception cref="DataException">Compressed, with several frames, in colour, truncated or altered; the message names what was found.</exception>
    public static GreyPicture Read(string path)
    {
        var file = File.ReadAllBytes(path);
        var place = PreambleLength + 4;
        var syntax = Syntax(file, ref place, path);
        var elements = new DicomElements(file, path);
        elements.ReadSet(place, isExplicit: syntax == Explicit);
        return Picture(elements, path);
    }

    // Group 2 is always explicit, whatever follows it.
    private static string Syntax(byte[] file, ref int place, string path)
    {
        var header = new DicomElements(file, path);
        place = header.ReadHeader(place);
        var syntax = header.Text(0x0002_0010) ?? throw new DataException($"{path}: names no transfer syntax. The file is truncated or no DICOM file.");
        return syntax is Implicit or Explicit ? syntax
            : throw new DataException($"{path}: transfer syntax {syntax} ({SyntaxName(syntax)}) is not read; uncompressed little endian is ({Explicit}, {Implicit}). Convert it first, for instance with dcmdjpeg or gdcmconv --raw.");
    }

    private static string SyntaxName(string syntax) => syntax switch
    {
        "1.2.840.10008.1.2.2" => "explicit, big endian, retired",
        "1.2.840.10008.1.2.1.99" => "deflated",
        "1.2.840.10008.1.2.5" => "run lengths",
        _ when syntax.StartsWith("1.2.840.10008.1.2.4.9", StringComparison.Ordinal) => "JPEG 2000",
        _ when syntax.StartsWith("1.2.840.10008.1.2.4.8", StringComparison.Ordinal) => "JPEG-LS",
        _ when syntax.StartsWith("1.2.840.10008.1.2.4.10", StringComparison.Ordinal) => "a film",
        _ when syntax.StartsWith("1.2.840.10008.1.2.4.", StringComparison.Ordinal) => "JPEG",
        _ => "unknown",
    };

    private static GreyPicture Picture(DicomElements elements, string path)
    {
        var (height, width) = (elements.Number(0x0028_0010) ?? 0, elements.Number(0x0028_0011) ?? 0);
        var (allocated, stored, isSigned) = (elements.Number(0x0028_0100) ?? 0, elements.Number(0x0028_0101) ?? 0, elements.Number(0x0028_0103) == 1);
        var frames = elements.Text(0x0028_0008) ?? "1";
        var photometric = elements.Text(0x0028_0004) ?? "none";
        var fault = frames != "1" ? $"{frames} frames; one is read. Save the frames apart"
            : (elements.Number(0x0028_0002) ?? 1) != 1 || photometric is not ("MONOCHROME1" or "MONOCHROME2") ? $"photometric interpretation {photometric} with {elements.Number(0x0028_0002) ?? 1} samples a pixel; MONOCHROME1 and MONOCHROME2 are read. Convert it to grey"
            : allocated is not (8 or 16) || stored < 1 || stored > allocated ? $"{stored} of {allocated} bits; 8 and 16 are read. Convert it"
            : width == 0 || height == 0 || (long)width * height > ImageFolderSource.MaximumPixels ? $"{width} x {height} pixels; from 1 to {ImageFolderSource.MaximumPixels} are read"
            : null;
        if (fault is not null)
        {
            throw new DataException($"{path}: {fault}.");
        }

        var pixels = elements.Pixels ?? throw new DataException($"{path}: holds no pixels.");
        var needed = (long)width * height * (allocated / 8);
        if (pixels.Length < needed || pixels.Length > needed + 1) // an odd count is padded with one byte
        {
            throw new DataException($"{path}: {width} x {height} pixels of {allocated} bits need {needed} bytes, found {pixels.Length}. The file is truncated or altered.");
        }

        var values = Values(elements.File.AsSpan(pixels.Start, (int)needed), allocated, stored, isSigned);
        Rescale(values, elements.Real(0x0028_1053) ?? 1, elements.Real(0x0028_1052) ?? 0);
        ToBrightness(values, elements.Real(0x0028_1050), elements.Real(0x0028_1051), photometric == "MONOCHROME1");
        return new GreyPicture(width, height, values);
    }

    private static float[] Values(ReadOnlySpan<byte> bytes, int allocated, int stored, bool isSigned)
    {
        var values = new float[bytes.Length / (allocated / 8)];
        var unused = 32 - stored; // bits above those stored may hold overlays: shifted out
        for (var place = 0; place < values.Length; place++)
        {
            var raw = allocated == 8 ? bytes[place] : BinaryPrimitives.ReadUInt16LittleEndian(bytes[(2 * place)..]);
            values[place] = isSigned ? (raw << unused) >> unused : (int)((uint)raw << unused >> unused);
        }

        return values;
    }

    private static void Rescale(Span<float> values, double slope, double intercept)
    {
        for (var place = 0; place < values.Length; place++)
        {
            values[place] = (float)((values[place] * slope) + intercept);
        }
    }

    // PS3.3 C.11.2.1.2.1, the linear window; without one, from the least value to the greatest.
    private static void ToBrightness(Span<float> values, double? centre, double? width, bool isInverted)
    {
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var value in values)
        {
            (low, high) = (Math.Min(low, value), Math.Max(high, value));
        }

        if (centre is { } middle && width is >= 1)
        {
            (low, high) = (middle - 0.5 - ((width.Value - 1) / 2), middle - 0.5 + ((width.Value - 1) / 2));
        }

        for (var place = 0; place < values.Length; place++)
        {
            var bright = high > low ? Math.Clamp((values[place] - low) / (high - low), 0, 1) : values[place] <= low ? 0 : 1;
            values[place] = (float)(isInverted ? 1 - bright : bright);
        }
    }
}
