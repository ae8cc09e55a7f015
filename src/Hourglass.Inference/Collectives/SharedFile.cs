namespace Hourglass.Collectives;

/// <summary>A file of rank 0 where every rank can read it, until disposed of.</summary>
public sealed class SharedFile : IDisposable
{
    private const int Piece = 1 << 24; // bytes handed out at once
    private readonly bool _isCopy;

    private SharedFile(string? path, bool isCopy)
    {
        (Path, _isCopy) = (path, isCopy);
    }

    /// <summary>Where this rank reads it; null when rank 0 has no such file.</summary>
    public string? Path { get; }

    /// <summary>Hands out a file: rank 0 reads its own, the others a copy.</summary>
    /// <param name="ranks">All of them make this call.</param>
    /// <param name="path">On rank 0.</param>
    public static SharedFile From(ICollective ranks, string path)
    {
        using var source = ranks.Rank == 0 && File.Exists(path) ? File.OpenRead(path) : null;
        Span<byte> size = stackalloc byte[sizeof(long)];
        BitConverter.TryWriteBytes(size, source?.Length ?? -1);
        ranks.Broadcast(size);
        var left = BitConverter.ToInt64(size);
        if (left < 0 || ranks.Size == 1)
        {
            return new SharedFile(left < 0 ? null : path, isCopy: false);
        }

        var copy = ranks.Rank == 0 ? path : System.IO.Path.GetTempFileName();
        using var target = ranks.Rank == 0 ? null : File.OpenWrite(copy);
        var buffer = new byte[Math.Min(Piece, left)];
        for (; left > 0; left -= Piece)
        {
            var piece = buffer.AsSpan(0, (int)Math.Min(Piece, left));
            source?.ReadExactly(piece);
            ranks.Broadcast(piece);
            target?.Write(piece);
        }

        return new SharedFile(copy, target is not null);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isCopy)
        {
            File.Delete(Path!);
        }
    }
}
