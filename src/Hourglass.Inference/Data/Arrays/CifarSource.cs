using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;

namespace Hourglass.Data.Arrays;

/// <summary>CIFAR-10 binary batches: records of one label byte and 3 x 32 x 32 bytes. https://www.cs.toronto.edu/~kriz/cifar.html.</summary>
internal sealed class CifarSource : ArraySource
{
    private const int RecordLength = 3073;
    private readonly IReadOnlyList<string> _paths;
    private int _file = -1;
    private FileStream? _stream;

    private CifarSource(IReadOnlyList<string> paths) => _paths = paths;

    /// <summary>Whether a file's length is that of whole records.</summary>
    public static bool Fits(string path) => new FileInfo(path).Length is var length && length > 0 && length % RecordLength == 0;

    /// <summary>Opens one batch or several, in the given order.</summary>
    public static CifarSource Open(string name, IReadOnlyList<string> paths)
    {
        if (paths.FirstOrDefault(path => !Fits(path)) is { } odd)
        {
            throw new DataException($"{odd}: expected CIFAR-10 records of {RecordLength} bytes, found {new FileInfo(odd).Length} bytes.");
        }

        return new CifarSource(paths)
        {
            Name = name,
            Format = "cifar",
            Count = paths.Sum(path => new FileInfo(path).Length / RecordLength),
            Shape = [3, 32, 32],
            IsBytes = true,
            Labels = LabelCodes.From(paths.SelectMany(ReadLabels)),
        };
    }

    public override string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in _paths)
        {
            hash.AppendData(File.ReadAllBytes(path));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <inheritdoc/>
    public override bool CanBeCut => true;

    /// <inheritdoc/>
    public override void MoveTo(long sample)
    {
        Open(0);
        for (; sample >= _stream.Length / RecordLength && _file < _paths.Count - 1; Open(_file + 1))
        {
            sample -= _stream.Length / RecordLength;
        }

        _stream.Position = sample * RecordLength;
    }

    public override void Next(Span<byte> bytes, Span<float> floats)
    {
        while (_stream is null || _stream.Position == _stream.Length)
        {
            Open(_file + 1);
        }

        _stream.ReadByte(); // the label, read before
        _stream.ReadExactly(bytes);
    }

    protected override void Close() => _stream?.Dispose();

    [MemberNotNull(nameof(_stream))]
    private void Open(int file)
    {
        _stream?.Dispose();
        (_file, _stream) = (file, File.OpenRead(_paths[file]));
    }

    private static IEnumerable<string> ReadLabels(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0); // one byte of each record
        for (var start = 0L; start < stream.Length; start += RecordLength)
        {
            stream.Position = start;
            yield return stream.ReadByte().ToString(CultureInfo.InvariantCulture);
        }
    }
}
