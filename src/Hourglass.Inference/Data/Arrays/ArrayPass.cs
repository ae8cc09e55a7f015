using System.Numerics.Tensors;

namespace Hourglass.Data.Arrays;

/// <summary>One reading of consecutive samples, some at a time.</summary>
/// <param name="source">Where they come from.</param>
/// <param name="progress">Told the share done.</param>
/// <param name="cancellationToken">Stops the reading.</param>
internal sealed class ArrayPass(ArraySource source, IProgress<double>? progress, CancellationToken cancellationToken)
{
    private const int TogetherValues = 1 << 16; // of as many whole samples as fit, at least one: they stay in the caches

    /// <summary>Takes samples that have been read.</summary>
    /// <param name="first">The first one's place.</param>
    /// <param name="bytes">[sample, value], where the source holds bytes.</param>
    /// <param name="floats">[sample, value], finite, otherwise; may be changed.</param>
    public delegate void Taking(long first, Span<byte> bytes, Span<float> floats);

    /// <summary>Reads samples from one to before another.</summary>
    /// <param name="first">The first; the one that comes next in the source, unless that can be cut or is read again.</param>
    /// <param name="last">After the last.</param>
    /// <param name="take">Takes them in order.</param>
    /// <exception cref="DataException">A value is not finite, or the source cannot be read.</exception>
    public void Run(long first, long last, Taking take)
    {
        var (length, count) = (source.SampleLength, 0L);
        var together = Math.Max(1, TogetherValues / length);
        var room = Math.Min(together, last - first) * length;
        var (bytes, floats) = (new byte[source.IsBytes ? room : 0], new float[source.IsBytes ? 0 : room]);
        if (first < last && (source.CanBeCut || source.IsReadAgain))
        {
            source.MoveTo(first);
        }

        for (var sample = first; sample < last; sample += count)
        {
            cancellationToken.ThrowIfCancellationRequested();
            count = Math.Min(together, last - sample);
            var readBytes = bytes.AsSpan(0, Math.Min(bytes.Length, (int)count * length));
            var readFloats = floats.AsSpan(0, Math.Min(floats.Length, (int)count * length));
            source.Fill(readBytes, readFloats);
            RequireFinite(sample, length, readFloats);
            take(sample, readBytes, readFloats);
            progress?.Report((double)(sample + count - first) / (last - first));
        }
    }

    private void RequireFinite(long first, int length, ReadOnlySpan<float> values)
    {
        if (!values.IsEmpty && !TensorPrimitives.IsFiniteAll(values))
        {
            var place = 0;
            for (; float.IsFinite(values[place]); place++)
            {
            }

            throw new DataException($"{source.Name}: sample {first + (place / length)}, value {place % length} is {values[place]}; arrays must hold finite numbers. Replace it first (numpy.nan_to_num), or give a CSV, where missing values are imputed and flagged.");
        }
    }
}
