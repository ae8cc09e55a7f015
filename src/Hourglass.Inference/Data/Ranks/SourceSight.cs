using System.IO.Hashing;
using System.Text;
using Hourglass.Collectives;
using Hourglass.Data.BuiltIn;

namespace Hourglass.Data.Ranks;

/// <summary>Whether ranks see the same source.</summary>
internal static class SourceSight
{
    private const int Pieces = 64; // of a large file that are looked at, evenly spread
    private const int PieceBytes = 1 << 14;
    private const string Nothing = "nothing";

    /// <summary>Whether all ranks see the source; where some have none, rank 0 reads it alone.</summary>
    /// <param name="ranks">All of them make this call.</param>
    /// <param name="path">A file, a folder, or a built-in name.</param>
    /// <exception cref="AgreedFaultException">A rank sees another source.</exception>
    public static bool IsShared(ICollective ranks, string path)
    {
        var own = Agreement.Together(ranks, () => DataFile.Guard(path, () => Of(path)));
        var first = Encoding.UTF8.GetString(Agreement.Told(ranks, Encoding.UTF8.GetBytes(own)));
        if (first == Nothing)
        {
            return false; // rank 0 says what is missing
        }

        Agreement.Require(ranks, [("data (size and hash of the source)", own == Nothing ? first : own, "All ranks need the same file, or none where rank 0 reads it for them.")]);
        return ranks.Gather([own == Nothing ? (byte)0 : (byte)1]).All(sees => sees[0] == 1);
    }

    /// <summary>What a source is known by: all of a small file, and of a large one its size and pieces of it.</summary>
    internal static string Of(string path)
    {
        if (BuiltInSets.Names.Contains(path, StringComparer.Ordinal))
        {
            return path;
        }

        if (Directory.Exists(path))
        {
            var files = new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Select(file => $"{Path.GetRelativePath(path, file.FullName)} {file.Length}").Order(StringComparer.Ordinal).ToList();
            return $"{files.Count} files, {Convert.ToHexStringLower(XxHash3.Hash(Encoding.UTF8.GetBytes(string.Join('\n', files))))}";
        }

        return File.Exists(path) ? OfFile(path) : Nothing;
    }

    private static string OfFile(string path)
    {
        using var file = File.OpenHandle(path);
        var (length, hash, piece) = (RandomAccess.GetLength(file), new XxHash3(), new byte[PieceBytes]);
        var last = Math.Max(0, length - PieceBytes);
        for (var number = 0L; number < Pieces; number++)
        {
            hash.Append(piece.AsSpan(0, RandomAccess.Read(file, piece, length <= (long)Pieces * PieceBytes ? Math.Min(number * PieceBytes, length) : last * number / (Pieces - 1))));
        }

        return $"{length} bytes, {Convert.ToHexStringLower(hash.GetCurrentHash())}";
    }
}
