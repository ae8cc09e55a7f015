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
        Transfer(source, target, left, ranks.Broadcast);
        return new SharedFile(copy, target is not null);
    }

    /// <summary>Hands a file over in pieces.</summary>
    /// <param name="source">Of the rank that has it, else null.</param>
    /// <param name="target">Of a rank that wants it, else null.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="hand">Takes a piece from the one to the others.</param>
    /// <exception cref="IOException">The target cannot be written; said when all pieces have been taken, for others wait with theirs.</exception>
    internal static void Transfer(Stream? source, Stream? target, long length, Handing hand)
    {
        var (buffer, fault) = (new byte[Math.Min(Piece, length)], default(IOException));
        for (var left = length; left > 0; left -= Piece)
        {
            var piece = buffer.AsSpan(0, (int)Math.Min(Piece, left));
            source?.ReadExactly(piece);
            hand(piece);
            try
            {
                target?.Write(piece);
            }
            catch (IOException full)
            {
                (target, fault) = (null, full);
            }
        }

        if (fault is not null)
        {
            throw new IOException(fault.Message, fault);
        }
    }

    /// <summary>Takes bytes from one rank to others.</summary>
    internal delegate void Handing(Span<byte> piece);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isCopy)
        {
            File.Delete(Path!);
        }
    }
}
