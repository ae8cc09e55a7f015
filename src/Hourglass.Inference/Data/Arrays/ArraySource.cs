namespace Hourglass.Data.Arrays;

/// <summary>Samples of one shape, read once from front to back, as bytes or as float32.</summary>
internal abstract class ArraySource : IDisposable
{
    /// <summary>Most values in one sample.</summary>
    public const int MaximumSampleLength = 1 << 24;

    /// <summary>Path or built-in name.</summary>
    public required string Name { get; init; }

    /// <summary>"npy", "npz", "npz, compressed rows", "idx", "cifar", "images", "glyphs".</summary>
    public required string Format { get; init; }

    /// <summary>Samples.</summary>
    public required long Count { get; init; }

    /// <summary>Shape of a sample: [feature] or [channel, height, width].</summary>
    public required int[] Shape { get; init; }

    /// <summary>Whether values are bytes; otherwise float32.</summary>
    public required bool IsBytes { get; init; }

    /// <summary>Whether most values are zero and stay so: scaled only where that is asked for.</summary>
    public bool IsSparse { get; init; }

    /// <summary>Labels, where the source has them.</summary>
    public SampleLabels? Labels { get; init; }

    /// <summary>Oddities worth telling.</summary>
    public List<string> Notes { get; } = [];

    /// <summary>Values in a sample.</summary>
    public int SampleLength => Shape.Aggregate(1, (product, size) => checked(product * size));

    /// <summary>SHA-256 of the source, lower-case hexadecimal.</summary>
    public abstract string Hash();

    /// <summary>Reads the next sample.</summary>
    /// <param name="bytes">Room for one sample; used when <see cref="IsBytes"/>.</param>
    /// <param name="floats">Room for one sample; used otherwise.</param>
    public abstract void Next(Span<byte> bytes, Span<float> floats);

    /// <summary>Reads the next samples.</summary>
    /// <param name="bytes">Room for some samples; used when <see cref="IsBytes"/>.</param>
    /// <param name="floats">Room for some samples; used otherwise.</param>
    public virtual void Fill(Span<byte> bytes, Span<float> floats)
    {
        var length = SampleLength;
        for (var start = 0; start < bytes.Length + floats.Length; start += length)
        {
            Next(IsBytes ? bytes.Slice(start, length) : bytes, IsBytes ? floats : floats.Slice(start, length));
        }
    }

    /// <summary>Whether reading can begin at any sample, so that ranks share it.</summary>
    public virtual bool CanBeCut => false;

    /// <summary>Whether samples may be read again at no more cost than from a copy of them.</summary>
    public virtual bool IsReadAgain => false;

    /// <summary>Makes a sample the next; any, where the source can be cut or is read again.</summary>
    public virtual void MoveTo(long sample) => throw new NotSupportedException($"{Format} is read from its first sample on.");

    /// <inheritdoc/>
    public void Dispose()
    {
        Close();
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes what the source has open.</summary>
    protected virtual void Close()
    {
    }

    /// <summary>The shape of a sample from the shape of a whole array, [sample, ...].</summary>
    /// <exception cref="DataException">No shape of samples that a model takes.</exception>
    protected static int[] SampleShapeOf(IReadOnlyList<long> shape, string place)
    {
        var length = shape.Skip(1).Aggregate((UInt128)1, (product, size) => product * (UInt128)Math.Clamp(size, 0, 1 << 30));
        if (shape.Count > 4 || length == 0 || length > MaximumSampleLength)
        {
            throw new DataException($"{place}: a sample of shape [{string.Join(", ", shape.Skip(1))}] cannot be a model's input; from 1 to {MaximumSampleLength} values in 1 to 3 axes are read. Reshape it first.");
        }

        int[] sizes = [.. shape.Skip(1).Select(size => (int)size)];
        return sizes switch
        {
            [_] => sizes,
            [var height, var width] => [1, height, width],
            [var height, var width, var channels] when IsChannelsLast(shape) => [channels, height, width],
            [_, _, _] => sizes,
            _ => throw new DataException($"{place}: an array of shape [{string.Join(", ", shape)}] holds no samples; expected [sample, feature] or pictures [sample, height, width]. Reshape it, for instance x.reshape(-1, features)."),
        };
    }

    /// <summary>Whether channels stand last in the file, [height, width, channel], and must be moved to the front.</summary>
    protected static bool IsChannelsLast(IReadOnlyList<long> shape) => shape.Count == 4 && shape[3] is 1 or 3 or 4 && shape[1] > 4;

    /// <summary>Moves the channels of a sample to the front where the file has them last.</summary>
    /// <param name="shape">Of the whole array in the file.</param>
    /// <param name="sample">In the order of the file; afterwards [channel, height, width].</param>
    /// <param name="room">For a copy of the sample; made where it is too small.</param>
    protected void MoveChannels<T>(IReadOnlyList<long> shape, Span<T> sample, ref T[] room)
    {
        if (!IsChannelsLast(shape) || Shape[0] == 1)
        {
            return;
        }

        room = room.Length < sample.Length ? new T[sample.Length] : room;
        sample.CopyTo(room);
        var (channels, places) = (Shape[0], Shape[1] * Shape[2]);
        for (var value = 0; value < sample.Length; value++)
        {
            sample[value] = room[(value % places * channels) + (value / places)];
        }
    }
}
