using System.IO.Hashing;

namespace Hourglass.Data.Streams;

/// <summary>A file that grows, may be cut, or may be put aside and begun anew under the same name, as logs are rotated.</summary>
/// <remarks>What stands in the old file is read to its end before the new one is opened.</remarks>
internal sealed class FollowedFile(string path, CancellationToken stop, bool untilEnd = false) : IByteFeed
{
    private const int FingerprintBytes = 1024;
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(2); // well below the 5 ms that a row may take
    private FileStream? _file;
    private bool _isEnded;

    public string Name => path;

    public bool IsEnded => _isEnded;

    /// <summary>Bytes read of the current file.</summary>
    public long Position { get; private set; }

    /// <summary>Goes on where an earlier run stopped, if the file still begins with the same bytes; else at its start.</summary>
    /// <param name="position">Bytes that were read.</param>
    /// <param name="fingerprint">What <see cref="Fingerprint"/> gave then.</param>
    /// <returns>Whether it goes on.</returns>
    public bool Resume(long position, string fingerprint)
    {
        if (position <= 0 || !TryOpen() || _file!.Length < position || Fingerprint(position) != fingerprint)
        {
            return false;
        }

        _file.Position = position;
        Position = position;
        return true;
    }

    /// <summary>A hash of the file's first bytes, by which it is known again.</summary>
    /// <param name="position">Bytes that count at most.</param>
    public string Fingerprint(long position)
    {
        var bytes = new byte[(int)Math.Min(position, FingerprintBytes)];
        return _file is null ? "" : Convert.ToHexStringLower(XxHash128.Hash(bytes.AsSpan(0, RandomAccess.Read(_file.SafeFileHandle, bytes, 0))));
    }

    public int Read(Memory<byte> room)
    {
        const int Looks = 2; // a file that is written to between two questions looks replaced once
        var replaced = 0;
        while (!stop.IsCancellationRequested)
        {
            var read = TryOpen() ? _file!.Read(room.Span) : 0;
            if (read > 0)
            {
                Position += read;
                return read;
            }

            if (untilEnd && _file is not null)
            {
                break;
            }

            if (replaced == Looks)
            {
                Close();
                return 0;
            }

            replaced = _file is not null && IsReplaced(_file) ? replaced + 1 : 0;
            Thread.Sleep(Wait);
        }

        _isEnded = true;
        return 0;
    }

    public void Dispose() => _file?.Dispose();

    private bool TryOpen()
    {
        if (_file is not null)
        {
            return true;
        }

        try
        {
            _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            Position = 0;
            return true;
        }
        catch (FileNotFoundException)
        {
            return false; // between the old file and the new one
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be read: {fault.Message}", fault);
        }
    }

    // The name stands for another file, or for the same one cut short.
    private bool IsReplaced(FileStream file)
    {
        var named = new FileInfo(path);
        return named.Exists && (named.Length < Position || named.Length != file.Length
            || named.LastWriteTimeUtc != File.GetLastWriteTimeUtc(file.SafeFileHandle) || named.CreationTimeUtc != File.GetCreationTimeUtc(file.SafeFileHandle));
    }

    private void Close()
    {
        _file?.Dispose();
        (_file, Position) = (null, 0);
    }
}
