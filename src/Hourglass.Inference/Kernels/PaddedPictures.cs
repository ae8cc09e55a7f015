using System.Numerics.Tensors;

namespace Hourglass.Kernels;

/// <summary>Copies of pictures with zeros around them and no padding between places: a patch is some lines of memory, wherever it lies.</summary>
/// <remarks>[row][column][channel]. Of resized pictures, sums over the places that one of the given picture fills. Some samples' copies are held at a time, made when they are first asked for.</remarks>
internal unsafe ref struct PaddedPictures
{
    private readonly int _channels;
    private readonly int _height;
    private readonly int _width;
    private readonly int _border;
    private readonly int _placeStride;
    private readonly bool _isPlanar;
    private readonly float* _pictures;
    private readonly long _pictureStride;
    private readonly float* _copies;
    private readonly int _held;
    private long _next;

    private PaddedPictures(int channels, int height, int width, int border, bool isPlanar, float* pictures, float* copies, int held)
    {
        (_channels, _height, _width, _border, _isPlanar, _held) = (channels, height, width, border, isPlanar, held);
        _pictures = pictures;
        _copies = copies;
        _placeStride = isPlanar ? 1 : DenseMap.Stride(channels);
        _pictureStride = DenseMap.Stride(height * width * (isPlanar ? channels : _placeStride));
        _next = -1;
    }

    /// <summary>The larger pictures of a shape.</summary>
    public static PaddedPictures Large(in PatchShape shape, float* pictures, float* copies) =>
        new(shape.Channels, shape.Height, shape.Width, shape.Padding, shape.IsPlanar, pictures, copies, Held(shape.Places)) { Summed = shape.Repeats?.Factor ?? 1 };

    /// <summary>The smaller ones.</summary>
    public static PaddedPictures Small(in PatchShape shape, int channels, float* pictures, float* copies) =>
        new(channels, shape.SmallHeight, shape.SmallWidth, shape.Padding, false, pictures, copies, 1);

    /// <summary>Rows, and columns, that are added up at each place: the first of them is its own.</summary>
    private int Summed { get; init; } = 1;

    /// <summary>From a row to the next.</summary>
    public readonly int Line => (_width + (2 * _border)) * _channels;

    /// <summary>Values of a copy.</summary>
    public readonly long Length => (long)(_height + (2 * _border)) * Line;

    /// <summary>Values of all copies that are held, and of a row.</summary>
    public readonly long Room => (Length * _held) + Line;

    /// <summary>A sample's copy, border included. Samples are asked for in order.</summary>
    public float* Of(long sample)
    {
        if (_next < 0 || sample > _next)
        {
            _next = sample;
        }

        for (; _next <= sample; _next++)
        {
            Copy(_pictures + (_next * _pictureStride), _copies + (_next % _held * Length));
        }

        return _copies + (sample % _held * Length);
    }

    // As many as eight places that follow one another may belong to.
    private static int Held(int places) => 2 + ((DenseMap.TileRows - 2) / places);

    private readonly void Copy(float* picture, float* copy)
    {
        var (edge, line, whole) = (_border * _channels, Line, (nint)copy);
        new Span<float>(copy, (_border * line) + edge).Clear();
        copy += (_border * line) + edge;
        for (var row = 0; row < _height; row++)
        {
            CopyRow(picture + ((long)row * _width * _placeStride), copy);
            copy += _width * _channels;
            new Span<float>(copy, 2 * edge).Clear(); // of this row and the next
            copy += 2 * edge;
        }

        new Span<float>(copy, (_border * line) - edge).Clear();
        if (Summed > 1)
        {
            Sum((float*)whole);
        }
    }

    // Rows below, then places to the right.
    private readonly void Sum(float* copy)
    {
        var (lines, length) = (_height + (2 * _border), Line);
        var own = new Span<float>(_copies + (Length * _held), length);
        for (var line = 0; line < lines; line++)
        {
            var row = new Span<float>(copy + ((long)line * length), length);
            for (var below = 1; below < Summed && line + below < lines; below++)
            {
                TensorPrimitives.Add(row, new ReadOnlySpan<float>(copy + ((long)(line + below) * length), length), row);
            }

            row.CopyTo(own);
            for (var right = _channels; right < Summed * _channels && right < length; right += _channels)
            {
                TensorPrimitives.Add(row[..^right], own[right..], row[..^right]);
            }
        }
    }

    private readonly void CopyRow(float* row, float* target)
    {
        if (_placeStride == _channels)
        {
            new ReadOnlySpan<float>(row, _width * _channels).CopyTo(new Span<float>(target, _width * _channels));
            return;
        }

        var step = _isPlanar ? _height * _width : 1;
        for (var place = 0; place < _width; place++, row += _placeStride)
        {
            for (var channel = 0; channel < _channels; channel++)
            {
                *target++ = row[(long)channel * step];
            }
        }
    }
}
