using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Hourglass.Data.Stores;
using Hourglass.Preprocessing;

namespace Hourglass.Data.Arrays;

/// <summary>From an array source to a sample store.</summary>
internal static class ArrayData
{
    private const int TogetherValues = 1 << 16; // of as many whole samples as fit, at least one

    /// <summary>Splits, fits and applies.</summary>
    public static PreparedData Prepare(ArraySource source, ReadOptions read, PreparationOptions options, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var hash = Task.Run(source.Hash, cancellationToken);
        var (raw, split) = Ingest(source, read, options, progress, cancellationToken);
        return Fitted(source, hash, read, raw, split, options);
    }

    /// <summary>Fits to samples that were read, and applies.</summary>
    public static PreparedData Fitted(ArraySource source, Task<string> hash, ReadOptions read, SampleStore raw, SampleSplit split, PreparationOptions options)
    {
        if (source.IsBytes)
        {
            return Data(source, hash, raw, split, new ImagePreprocessing { Shape = source.Shape, Resize = read.Resize });
        }

        using (raw)
        {
            var preprocessing = ArrayFit.Fit(raw, split.Training, options.Scaling ?? (source.IsSparse ? Scaling.None : null)); // scaling would fill what is empty
            return Data(source, hash, Transform(raw, read, preprocessing), split, preprocessing);
        }
    }

    /// <summary>Applies what was fitted before.</summary>
    public static PreparedData Apply(ArraySource source, ReadOptions read, SamplePreprocessing preprocessing, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        RequireFit(source, preprocessing);
        var hash = Task.Run(source.Hash, cancellationToken);
        var (raw, split) = Ingest(source, read, new PreparationOptions { Validation = 0 }, progress, cancellationToken);
        return Applied(source, hash, read, raw, split, preprocessing);
    }

    /// <summary>Refuses samples that the preprocessing is not for.</summary>
    /// <exception cref="DataException">They are of another kind or shape.</exception>
    public static void RequireFit(ArraySource source, SamplePreprocessing preprocessing)
    {
        if (preprocessing is TablePreprocessing)
        {
            throw new DataException($"{source.Name}: the model was trained on a table with named columns, and this is an array without. Give a CSV or Parquet file with those columns.");
        }

        if (!source.Shape.SequenceEqual(preprocessing.SampleShape) || source.IsBytes != preprocessing is ImagePreprocessing)
        {
            throw new DataException(
                $"{source.Name}: samples are [{string.Join(", ", source.Shape)}] of {(source.IsBytes ? "bytes" : "floats")}, and the model takes [{string.Join(", ", preprocessing.SampleShape)}] of {(preprocessing is ImagePreprocessing ? "bytes" : "floats")}. Give data of the same kind as in training.");
        }
    }

    /// <summary>Applies what was fitted before to samples that were read.</summary>
    public static PreparedData Applied(ArraySource source, Task<string> hash, ReadOptions read, SampleStore raw, SampleSplit split, SamplePreprocessing preprocessing)
    {
        if (preprocessing is not ArrayPreprocessing array)
        {
            return Data(source, hash, raw, split, preprocessing);
        }

        using (raw)
        {
            return Data(source, hash, Transform(raw, read, array), split, preprocessing);
        }
    }

    /// <summary>Starts a store of samples as they stand in the source.</summary>
    public static SampleStoreWriter NewWriter(ArraySource source, ReadOptions read) => SampleStore.CreateTemporary(read.StoreFolder, source.Shape, source.IsBytes ? ElementType.UInt8 : ElementType.Float32);

    /// <summary>Writes a run of samples.</summary>
    /// <param name="source">Nothing has been read of it; one that can be cut where the run does not begin with the first sample.</param>
    /// <param name="writer">Where to.</param>
    /// <param name="first">First sample.</param>
    /// <param name="last">After the last.</param>
    /// <param name="options">Of the split.</param>
    /// <param name="progress">Told the share done, up to 1.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>Which of them validate.</returns>
    public static List<bool> Write(ArraySource source, SampleStoreWriter writer, long first, long last, PreparationOptions options, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var bytes = new byte[source.IsBytes ? source.SampleLength : 0];
        var floats = new float[source.IsBytes ? 0 : source.SampleLength];
        var isHeld = new List<bool>();
        source.Skip(first);
        for (var sample = first; sample < last; sample++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            source.Next(bytes, floats);
            if (source.IsBytes)
            {
                writer.AppendBytes(bytes);
            }
            else
            {
                RequireFinite(source, sample, floats);
                writer.Append(floats);
            }

            var raw = source.IsBytes ? bytes : MemoryMarshal.AsBytes(floats.AsSpan());
            isHeld.Add(options.IsHeld(sample, raw));
            if (sample % 1024 == 0)
            {
                progress?.Report((double)(sample - first) / (last - first));
            }
        }

        return isHeld;
    }

    private static PreparedData Data(ArraySource source, Task<string> hash, SampleStore store, SampleSplit split, SamplePreprocessing preprocessing) => new()
    {
        Samples = store,
        Preprocessing = preprocessing,
        Split = split,
        Labels = source.Labels,
        Description = new DataDescription { Source = source.Name, Format = source.Format, Samples = store.Count, Hash = hash.GetAwaiter().GetResult(), Notes = source.Notes },
    };

    private static (SampleStore Store, SampleSplit Split) Ingest(
        ArraySource source, ReadOptions read, PreparationOptions options, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        using var writer = NewWriter(source, read);
        var isHeld = Write(source, writer, 0, source.Count, options, progress, cancellationToken);
        return source.Count > 0
            ? (writer.Finish(), HoldOut.Split(isHeld))
            : throw new DataException($"{source.Name}: holds no samples.");
    }

    private static void RequireFinite(ArraySource source, long sample, float[] values)
    {
        if (!TensorPrimitives.IsFiniteAll<float>(values))
        {
            var place = Array.FindIndex(values, value => !float.IsFinite(value));
            throw new DataException($"{source.Name}: sample {sample}, value {place} is {values[place]}; arrays must hold finite numbers. Replace it first (numpy.nan_to_num), or give a CSV, where missing values are imputed and flagged.");
        }
    }

    private static SampleStore Transform(SampleStore raw, ReadOptions read, ArrayPreprocessing preprocessing)
    {
        using var writer = SampleStore.CreateTemporary(read.StoreFolder, [.. raw.SampleShape], ElementType.Float32);
        var together = Math.Max(1, TogetherValues / raw.SampleLength);
        var room = new float[Math.Min(together, raw.Count) * raw.SampleLength];
        for (var first = 0L; first < raw.Count; first += together)
        {
            var count = (int)Math.Min(together, raw.Count - first);
            var samples = room.AsSpan(0, count * raw.SampleLength);
            raw.Read(first, count, samples);
            preprocessing.Apply(samples);
            writer.Append(samples);
        }

        return writer.Finish();
    }
}
