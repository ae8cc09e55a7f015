namespace Hourglass.Data.Streams;

/// <summary>Cuts a feed into lines, in bounded memory: a line that is too long is dropped and told.</summary>
internal sealed class LineReader(IByteFeed feed)
{
    /// <summary>Longest line, in bytes.</summary>
    public const int MaximumLine = 1 << 20;

    private byte[] _room = new byte[1 << 16];
    private int _start;
    private int _scanned;
    private int _end;
    private bool _isSkipping;
    private bool _fileEnded;

    /// <summary>Lines given so far, in the current file or all in all for a stream.</summary>
    public long Line { get; private set; }

    /// <summary>Bytes that were read and do not belong to a given line yet.</summary>
    public int Pending => _end - _start;

    /// <summary>Whether the line given last is the first of a file.</summary>
    public bool IsFirst => Line == 1;

    /// <summary>Goes on after lines that an earlier run has read.</summary>
    public void Resume(long line) => Line = line;

    /// <summary>Waits for more bytes.</summary>
    /// <returns>False when nothing more will come and every line was given.</returns>
    public bool Fill()
    {
        if (_fileEnded)
        {
            if (feed.IsEnded)
            {
                return false;
            }

            (_fileEnded, Line) = (false, 0); // another file begins
        }

        MakeRoom();
        var read = feed.Read(_room.AsMemory(_end));
        _end += read;
        _fileEnded = read == 0;
        return read > 0 || Pending > 0 || _isSkipping || !feed.IsEnded;
    }

    /// <summary>Gives the next whole line of what has come.</summary>
    /// <param name="line">Without its end; valid until the next call of <see cref="Fill"/>. Empty for one that is too long.</param>
    /// <param name="isTooLong">Whether the line was dropped for its length.</param>
    public bool TryNext(out ReadOnlySpan<byte> line, out bool isTooLong)
    {
        var found = _room.AsSpan(_scanned, _end - _scanned).IndexOf((byte)'\n');
        if (found < 0 && !(_fileEnded && (Pending > 0 || _isSkipping)))
        {
            _scanned = _end;
            line = default;
            isTooLong = false;
            return false;
        }

        var end = found < 0 ? _end : _scanned + found;
        line = _room.AsSpan(_start, end - _start);
        line = line is [.. var body, (byte)'\r'] ? body : line;
        isTooLong = _isSkipping;
        line = isTooLong ? default : line;
        _isSkipping = false;
        _start = _scanned = found < 0 ? _end : end + 1;
        Line++;
        return true;
    }

    private void MakeRoom()
    {
        if (_start > 0)
        {
            _room.AsSpan(_start, Pending).CopyTo(_room);
            (_scanned, _end, _start) = (_scanned - _start, _end - _start, 0);
        }

        if (_end < _room.Length)
        {
            return;
        }

        if (_room.Length < MaximumLine)
        {
            Array.Resize(ref _room, _room.Length * 2);
            return;
        }

        (_start, _scanned, _end, _isSkipping) = (0, 0, 0, true);
    }
}
