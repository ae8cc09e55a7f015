namespace Hourglass.Data.Arrays;

/// <summary>A .npy array, from a file of its own or from within an .npz.</summary>
internal sealed class NpySource : ArraySource
{
    private readonly NpyHeader _header;
    private readonly FileStream? _file; // where the array is all that a file holds
    private readonly NpyValues _values;
    private readonly IReadOnlyList<IDisposable> _owned;
    private float[] _fortran = [];
    private byte[] _byteRoom = [];
    private float[] _floatRoom = [];
    private long _next;

    private NpySource(NpyHeader header, Stream stream, string place, IReadOnlyList<IDisposable> owned) =>
        (_header, _file, _values, _owned) = (header, stream as FileStream, new NpyValues(stream, header, place), owned);

    /// <summary>Opens a .npy file.</summary>
    public static NpySource Open(string path)
    {
        var stream = File.OpenRead(path);
        try
        {
            var header = NpyHeader.Read(stream, path);
            return Create(path, "npy", header, stream, stream.Length - stream.Position, null, [stream]);
        }
        catch (Exception fault)
        {
            stream.Dispose();
            throw fault is EndOfStreamException ? new DataException($"{path}: ends within its header. The file is truncated.", fault) : fault;
        }
    }

    /// <summary>Makes a source of an open stream that stands at the first value.</summary>
    public static NpySource Create(string path, string format, NpyHeader header, Stream stream, long available, SampleLabels? labels, IReadOnlyList<IDisposable> owned)
    {
        var shape = SampleShapeOf(header.Shape, path);
        if (header.ByteLength != (UInt128)Math.Max(0, available))
        {
            throw new DataException($"{path}: shape [{string.Join(", ", header.Shape)}] needs {header.ByteLength} bytes of values, found {available}. The file is truncated or altered.");
        }

        if (header.FortranOrder && (header.Shape.Length != 2 || available > int.MaxValue / 2))
        {
            throw new DataException($"{path}: an array in Fortran order is read with two axes and up to 1 GiB. Save it with numpy.ascontiguousarray.");
        }

        return new NpySource(header, stream, path, owned)
        {
            Name = path,
            Format = format,
            Count = header.Shape[0],
            Shape = shape,
            IsBytes = header.Type == "u1" && shape.Length == 3,
            Labels = labels,
        };
    }

    public override string Hash() => FileHash.Of(Name);

    public override void Next(Span<byte> bytes, Span<float> floats)
    {
        if (_header.FortranOrder)
        {
            NextFortran(floats);
        }
        else if (IsBytes)
        {
            _values.Read(bytes);
            MoveChannels(_header.Shape, bytes, ref _byteRoom);
        }
        else
        {
            _values.Read(floats);
            MoveChannels(_header.Shape, floats, ref _floatRoom);
        }
    }

    public override void Fill(Span<byte> bytes, Span<float> floats)
    {
        if (IsBytes || _header.FortranOrder || IsChannelsLast(_header.Shape))
        {
            base.Fill(bytes, floats);
        }
        else
        {
            _values.Read(floats);
        }
    }

    /// <inheritdoc/>
    public override bool CanBeCut => _file is not null && !_header.FortranOrder;

    /// <inheritdoc/>
    public override bool IsReadAgain => _file is not null || _header.FortranOrder;

    /// <inheritdoc/>
    public override void MoveTo(long sample)
    {
        _next = sample;
        if (CanBeCut)
        {
            _file!.Position = _header.HeaderLength + (sample * SampleLength * _header.ValueSize);
        }
    }

    protected override void Close()
    {
        foreach (var owned in _owned)
        {
            owned.Dispose();
        }
    }

    // The first axis runs fastest: all of the array is needed for the first sample. Its size was checked against the file.
    private void NextFortran(Span<float> floats)
    {
        if (_fortran.Length == 0)
        {
            _fortran = new float[Count * SampleLength];
            _values.Read(_fortran);
        }

        for (var feature = 0; feature < floats.Length; feature++)
        {
            floats[feature] = _fortran[(feature * Count) + _next];
        }

        _next++;
    }
}
