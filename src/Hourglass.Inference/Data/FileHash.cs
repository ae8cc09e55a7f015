using System.Buffers;
using System.Security.Cryptography;

namespace Hourglass.Data;

/// <summary>SHA-256 of a file.</summary>
internal static class FileHash
{
    private const int Piece = 1 << 17; // bytes: they stay in the caches from the file to the sum

    /// <summary>The sum, in lower-case hexadecimal.</summary>
    public static string Of(string path)
    {
        using var file = File.OpenHandle(path, options: FileOptions.SequentialScan);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var piece = ArrayPool<byte>.Shared.Rent(Piece);
        for (var place = 0L; RandomAccess.Read(file, piece, place) is var read and > 0; place += read)
        {
            hash.AppendData(piece, 0, read);
        }

        ArrayPool<byte>.Shared.Return(piece);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
