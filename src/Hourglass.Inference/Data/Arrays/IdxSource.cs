using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;

namespace Hourglass.Data.Arrays;

/// <summary>idx files, the format of MNIST (LeCun, Cortes and Burges); plain or gzip; bytes only.</summary>
internal sealed class IdxSource : ArraySource
{
    private readonly Stream _stream;
    private readonly long[] _shape;
    private byte[] _room = [];

    private IdxSource(Stream stream, long[] shape) => (_stream, _shape) = (stream, shape);

    /// <summary>Opens pictures; labels are taken from the file beside it whose name says labels-idx1 instead of images-idx3.</summary>
    public static IdxSource Open(string path)
    {
        var stream = OpenStream(path);
        try
        {
            var shape = ReadHeader(stream, path);
            if (shape.Length < 2)
            {
                throw new DataException($"{path}: an idx file of shape [{string.Join(", ", shape)}] holds labels, not samples. Name the images file; labels beside it are found.");
            }

            var needed = shape.Aggregate((UInt128)1, (product, size) => product * (UInt128)size);
            if (stream is FileStream file && needed != (UInt128)(file.Length - file.Position))
            {
                throw new DataException($"{path}: shape [{string.Join(", ", shape)}] needs {needed} bytes, found {file.Length - file.Position}. The file is truncated or altered.");
            }

            return new IdxSource(stream, shape) { Name = path, Format = "idx", Count = shape[0], Shape = SampleShapeOf(shape, path), IsBytes = true, Labels = FindLabels(path, shape[0]) };
        }
        catch (Exception fault)
        {
            stream.Dispose();
            throw fault is InvalidDataException or EndOfStreamException ? Damaged(path, fault) : fault;
        }
    }

    public override string Hash() => FileHash.Of(Name);

    public override void Next(Span<byte> bytes, Span<float> floats)
    {
        try
        {
            _stream.ReadExactly(bytes);
        }
        catch (Exception fault) when (fault is InvalidDataException or EndOfStreamException)
        {
            throw Damaged(Name, fault);
        }

        MoveChannels(_shape, bytes, ref _room);
    }

    /// <inheritdoc/>
    public override bool CanBeCut => _stream is FileStream;

    /// <inheritdoc/>
    public override void MoveTo(long sample) => _stream.Position = sizeof(int) * (1 + _shape.Length) + (sample * SampleLength); // behind what kind and axes take

    protected override void Close() => _stream.Dispose();

    private static DataException Damaged(string path, Exception fault) => new($"{path}: truncated or damaged: {fault.Message}", fault);

    private static Stream OpenStream(string path) =>
        path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(File.OpenRead(path), CompressionMode.Decompress) : File.OpenRead(path);

    private static long[] ReadHeader(Stream stream, string path)
    {
        var bytes = new byte[4];
        stream.ReadExactly(bytes);
        if (bytes[0] != 0 || bytes[1] != 0 || bytes[2] != 8 || bytes[3] is 0 or > 4)
        {
            throw new DataException($"{path}: expected an idx file of bytes (00 00 08 and 1 to 4 axes), found {Convert.ToHexString(bytes)}.");
        }

        var shape = new long[bytes[3]];
        for (var axis = 0; axis < shape.Length; axis++)
        {
            stream.ReadExactly(bytes);
            shape[axis] = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        }

        return shape;
    }

    private static SampleLabels? FindLabels(string path, long count)
    {
        var name = Path.GetFileName(path);
        var labelName = name.Replace("images-idx3", "labels-idx1", StringComparison.Ordinal).Replace("images.idx3", "labels.idx1", StringComparison.Ordinal);
        var labelPath = Path.Combine(Path.GetDirectoryName(path) ?? "", labelName);
        if (labelName == name || !File.Exists(labelPath))
        {
            return null;
        }

        using var stream = OpenStream(labelPath);
        if (ReadHeader(stream, labelPath) is not [var labels] || labels != count || count > int.MaxValue)
        {
            throw new DataException($"{labelPath}: expected {count} labels, one for each sample of {name}.");
        }

        return LabelCodes.From(Values());

        IEnumerable<string> Values()
        {
            for (var sample = 0L; sample < count; sample++)
            {
                var value = stream.ReadByte();
                yield return value >= 0 ? value.ToString(CultureInfo.InvariantCulture) : throw new DataException($"{labelPath}: ends after {sample} of {count} labels.");
            }
        }
    }
}
