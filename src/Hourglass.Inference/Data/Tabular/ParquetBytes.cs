using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Hourglass.Data.Tabular;

/// <summary>A column's run of bytes in a file, read in pieces that stay in the caches.</summary>
/// <param name="file">The file.</param>
/// <param name="start">First byte.</param>
/// <param name="end">After the last.</param>
internal sealed class ParquetBytes(SafeFileHandle file, long start, long end) : IDisposable
{
    private const int LeastBytes = 1 << 12; // of a piece: twice as many each time, until a run of bytes goes past it
    private const int MostBytes = 1 << 14;
    private readonly byte[] _piece = ArrayPool<byte>.Shared.Rent(MostBytes);
    private int _wanted = LeastBytes;
    private int _first;
    private int _last;
    private long _next = start; // of the file, after what the piece holds

    /// <summary>Bytes in memory, from the next one on.</summary>
    public ReadOnlySpan<byte> Held => _piece.AsSpan(_first, _last - _first);

    /// <summary>Where the next byte stands in the file.</summary>
    public long Position => _next - (_last - _first);

    /// <summary>Sees to it that so many bytes are held, or all that are left.</summary>
    /// <param name="count">At most 4 kB.</param>
    public void Hold(int count)
    {
        if (_last - _first >= count || _next == end)
        {
            return;
        }

        Held.CopyTo(_piece);
        (_last, _first) = (_last - _first, 0);
        var read = Read(_piece.AsSpan(_last, (int)Math.Min(_wanted - _last, end - _next)), _next);
        (_last, _next, _wanted) = (_last + read, _next + read, Math.Min(2 * _wanted, MostBytes));
    }

    /// <summary>Takes the next bytes, straight from the file where they are not held.</summary>
    /// <param name="target">Receives them.</param>
    public void Take(Span<byte> target)
    {
        var held = Math.Min(target.Length, _last - _first);
        Held[..held].CopyTo(target);
        _first += held;
        if (held < target.Length)
        {
            (_next, _wanted) = (_next + Read(target[held..], _next), LeastBytes);
        }
    }

    /// <summary>Leaves bytes that are held behind.</summary>
    public void Skip(int count) => _first += count;

    /// <summary>Goes on from another place of the file.</summary>
    public void MoveTo(long position)
    {
        if (position >= Position && position <= _next)
        {
            _first = _last - (int)(_next - position);
            return;
        }

        (_first, _last, _next) = (0, 0, position >= 0 && position <= end ? position : throw new InvalidDataException("A page reaches beyond its column."));
    }

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<byte>.Shared.Return(_piece);

    private int Read(Span<byte> target, long place)
    {
        if (target.Length > end - place)
        {
            throw new InvalidDataException("A page reaches beyond its column.");
        }

        for (var done = 0; done < target.Length;)
        {
            var read = RandomAccess.Read(file, target[done..], place + done);
            done += read > 0 ? read : throw new InvalidDataException("The file ends within a column.");
        }

        return target.Length;
    }
}
