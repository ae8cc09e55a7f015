using System.Buffers.Binary;
using System.IO.Compression;

namespace Hourglass.Data.Images;

/// <summary>Reads grey PNG pictures of 16 bits, which the general decoder would reduce to 8.</summary>
/// <remarks>ISO/IEC 15948. Not interlaced; transparency is not asked for. Checksums of chunks are verified.</remarks>
internal static class PngFile
{
    private const int HeaderLength = 8 + 8 + 13 + 4; // signature, then the header chunk: length and name, body, checksum
    private static readonly byte[] Signature = [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10];

    /// <summary>Whether a file claims to be a grey picture of 16 bits.</summary>
    /// <param name="path">Any file.</param>
    public static bool IsGrey16(string path)
    {
        using var stream = File.OpenRead(path);
        Span<byte> header = stackalloc byte[HeaderLength];
        return stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) == header.Length && IsGrey16(header);
    }

    /// <summary>Decodes a picture of 16 bits.</summary>
    /// <param name="path">A file that <see cref="IsGrey16(string)"/> says yes to.</param>
    /// <returns>Brightness from 0, black, to 1, white.</returns>
    /// <exception cref="DataException">Truncated or altered.</exception>
    public static GreyPicture ReadGrey16(string path)
    {
        var file = File.ReadAllBytes(path);
        var (width, height) = Size(file, path);
        var rowLength = 1 + (2 * width); // a byte that names the filter, then two bytes for each pixel
        using var packed = PictureChunks(file, path);
        RequirePlausible(packed.Length, (long)rowLength * height, path);
        using var unpacked = new ZLibStream(packed, CompressionMode.Decompress);
        var (values, row, above) = (new float[width * height], new byte[rowLength], new byte[rowLength]);
        try
        {
            for (var line = 0; line < height; line++)
            {
                unpacked.ReadExactly(row);
                Unfilter(row, above, path);
                for (var column = 0; column < width; column++)
                {
                    values[(line * width) + column] = BinaryPrimitives.ReadUInt16BigEndian(row.AsSpan(1 + (2 * column))) / 65535f;
                }

                (row, above) = (above, row);
            }
        }
        catch (Exception fault) when (fault is EndOfStreamException or InvalidDataException)
        {
            throw new DataException($"{path}: the packed picture ends early or is altered: {fault.Message} Remove the file, or save it again.", fault);
        }

        return new GreyPicture(width, height, values);
    }

    private static bool IsGrey16(ReadOnlySpan<byte> header) => header.StartsWith(Signature) && header[24] == 16 && header[25] == 0;

    private static (int Width, int Height) Size(ReadOnlySpan<byte> file, string path)
    {
        var (width, height) = (BinaryPrimitives.ReadUInt32BigEndian(file[16..]), BinaryPrimitives.ReadUInt32BigEndian(file[20..]));
        return width == 0 || height == 0 ? throw new DataException($"{path}: claims {width} x {height} pixels. Remove the file.")
            : (ulong)width * height > ImageFolderSource.MaximumPixels ? throw new DataException($"{path}: {width} x {height} pixels; at most {ImageFolderSource.MaximumPixels} are read.")
            : file[28] != 0 ? throw new DataException($"{path}: a 16-bit PNG is read without interlacing, and this one is interlaced. Save it without.")
            : ((int)width, (int)height);
    }

    // Deflate packs at most 1032 to 1 (RFC 1951): more pixels than that are a lie, known before room is made for them.
    private static void RequirePlausible(long packed, long unpacked, string path)
    {
        if (unpacked > (packed * 1032) + 1032)
        {
            throw new DataException($"{path}: {packed} packed bytes cannot hold the {unpacked} that its header claims. The file is truncated or altered.");
        }
    }

    private static MemoryStream PictureChunks(byte[] file, string path)
    {
        var packed = new MemoryStream();
        var place = Signature.Length;
        while (place + 12 <= file.Length)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(place));
            if (length > (uint)(file.Length - place - 12))
            {
                throw new DataException($"{path}: the chunk at byte {place} claims {length} bytes, {file.Length - place - 12} are left. The file is truncated or altered.");
            }

            var body = file.AsSpan(place + 4, 4 + (int)length); // name and contents, which the checksum covers
            if (System.IO.Hashing.Crc32.HashToUInt32(body) != BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(place + 8 + (int)length)))
            {
                throw new DataException($"{path}: the checksum of the chunk at byte {place} does not hold. The file is altered.");
            }

            if (body.StartsWith("IEND"u8))
            {
                break;
            }

            if (body.StartsWith("IDAT"u8))
            {
                packed.Write(body[4..]);
            }

            place += 12 + (int)length;
        }

        packed.Position = 0;
        return packed;
    }

    // Each byte was written as a difference from a guess: of the pixel to the left (2 bytes back), above, both, or the nearest of three (Paeth).
    private static void Unfilter(Span<byte> row, ReadOnlySpan<byte> above, string path)
    {
        var filter = row[0];
        for (var place = 1; place < row.Length; place++)
        {
            var (left, up, corner) = (place > 2 ? row[place - 2] : 0, (int)above[place], place > 2 ? above[place - 2] : 0);
            row[place] += (byte)(filter switch
            {
                0 => 0,
                1 => left,
                2 => up,
                3 => (left + up) / 2,
                4 => Nearest(left, up, corner),
                _ => throw new DataException($"{path}: names filter {filter}; PNG knows 0 to 4. The file is altered."),
            });
        }
    }

    private static int Nearest(int left, int up, int corner)
    {
        var guess = left + up - corner;
        var (toLeft, toUp, toCorner) = (Math.Abs(guess - left), Math.Abs(guess - up), Math.Abs(guess - corner));
        return toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
    }
}
