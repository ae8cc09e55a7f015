using System.Runtime.InteropServices;

namespace Hourglass.Detection.Streams;

/// <summary>Makes samples of rows: each row by itself, or the last rows as a window.</summary>
/// <param name="steps">Rows in a sample.</param>
/// <param name="stride">Rows from one sample to the next.</param>
/// <param name="width">Values of a row.</param>
internal sealed class RowWindow(int steps, int stride, int width)
{
    private readonly float[] _ring = new float[steps * width];
    private long _rows;

    /// <summary>Values of a sample.</summary>
    public int SampleLength => _ring.Length;

    /// <summary>Takes a row.</summary>
    /// <param name="row">Its values.</param>
    /// <param name="sample">Receives the sample that it completes, [step, value].</param>
    /// <returns>Whether it completes one.</returns>
    public bool Add(ReadOnlySpan<float> row, Span<float> sample)
    {
        var place = (int)(_rows % steps) * width;
        row.CopyTo(_ring.AsSpan(place));
        _rows++;
        if (_rows < steps || (_rows - steps) % stride != 0)
        {
            return false;
        }

        var oldest = (place + width) % _ring.Length;
        _ring.AsSpan(oldest).CopyTo(sample);
        _ring.AsSpan(0, oldest).CopyTo(sample[(_ring.Length - oldest)..]);
        return true;
    }

    /// <summary>The rows it holds, as text.</summary>
    public WindowState State() => new(_rows, Convert.ToBase64String(MemoryMarshal.AsBytes<float>(_ring)));

    /// <summary>Goes on from an earlier state; one of other sizes is passed over.</summary>
    /// <param name="state">The state.</param>
    public void Resume(WindowState state)
    {
        var room = new byte[_ring.Length * sizeof(float)];
        if (state.Rows >= 0 && Convert.TryFromBase64String(state.Values, room, out var written) && written == room.Length)
        {
            MemoryMarshal.Cast<byte, float>(room).CopyTo(_ring);
            _rows = state.Rows;
        }
    }
}

/// <summary>What a window holds between runs.</summary>
/// <param name="Rows">Rows taken.</param>
/// <param name="Values">The last rows, float32 in base64.</param>
internal sealed record WindowState(long Rows, string Values);
