using System.Runtime.InteropServices;
using System.Text;
using Hourglass.Bundles;
using Hourglass.Collectives;
using Hourglass.Data.Arrays;
using Hourglass.Data.Stores;
using Hourglass.Preprocessing;

namespace Hourglass.Data.Ranks;

/// <summary>From an array's samples to a sample store, by one process or by several ranks, each its run of samples, to the same bytes.</summary>
/// <param name="ranks">All of them make the same calls.</param>
/// <param name="source">The samples, which all of them see; one that can be cut where they are several.</param>
/// <param name="read">What was said about it.</param>
/// <param name="progress">Told the share done.</param>
/// <param name="cancellationToken">Stops the reading.</param>
internal sealed class RankedArray(ICollective ranks, ArraySource source, ReadOptions read, IProgress<double>? progress, CancellationToken cancellationToken)
{
    private readonly int _features = ArrayStatistics.FeaturesOf(source.Shape);

    /// <summary>Splits, fits and applies.</summary>
    /// <returns>Null on ranks other than the first.</returns>
    public PreparedData? Prepare(PreparationOptions options)
    {
        var hash = Hash();
        if (source.IsBytes)
        {
            return Write(hash, source, new ImagePreprocessing { Shape = source.Shape, Resize = read.Resize }, First(ranks.Rank), First(ranks.Rank + 1), options, null);
        }

        var runs = new ArrayRuns(source.Count, source.SampleLength, _features);
        using var learnt = Agreement.Together(ranks, () => DataFile.Guard(source.Name, () => ArrayLearning.Of(source, read, runs, ranks.Rank, ranks.Size, options, PartOfProgress.Of(progress, 0, 0.5), cancellationToken)));
        var isHeld = AtFirst(learnt.IsHeld);
        return Write(hash, learnt.Again, Fit(runs, learnt, isHeld, options), learnt.First, learnt.Last, options, isHeld);
    }

    /// <summary>Applies what was fitted before.</summary>
    /// <returns>Null on ranks other than the first.</returns>
    public PreparedData? Apply(SamplePreprocessing preprocessing)
    {
        Agreement.Together(ranks, () =>
        {
            RequireFit(preprocessing);
            return true;
        });
        return Write(Hash(), source, preprocessing, First(ranks.Rank), First(ranks.Rank + 1), new PreparationOptions { Validation = 0 }, null);
    }

    private long First(int rank) => (long)((Int128)source.Count * rank / ranks.Size);

    private Task<string> Hash()
    {
        Agreement.Together(ranks, () => source.Count > 0 ? true : throw new DataException($"{source.Name}: holds no samples."));
        return ranks.Rank == 0 ? Task.Run(source.Hash, cancellationToken) : Task.FromResult("");
    }

    // The samples of one rank after another's.
    private List<bool> AtFirst(List<bool> isHeld)
    {
        List<bool> all = [.. isHeld];
        for (var rank = 1; rank < ranks.Size; rank++)
        {
            all.AddRange(StoreReach.PassBytes(ranks, rank, rank == ranks.Rank ? [.. isHeld.Select(held => held ? (byte)1 : (byte)0)] : []).Select(held => held == 1));
        }

        return all;
    }

    private ArrayPreprocessing Fit(ArrayRuns runs, ArrayLearning learnt, List<bool> isHeld, PreparationOptions options)
    {
        for (var rank = 1; rank < ranks.Size; rank++)
        {
            var first = runs.FirstOf(rank, ranks.Size);
            for (var run = first; run < runs.FirstOf(rank + 1, ranks.Size); run++)
            {
                var told = StoreReach.PassBytes(ranks, rank, rank == ranks.Rank ? learnt.Learnt[run - first].ToBytes() : []);
                if (ranks.Rank == 0)
                {
                    learnt.Learnt[0].Join(ArrayStatistics.Of(told, _features));
                }
            }
        }

        var wish = options.Scaling ?? (source.IsSparse ? Scaling.None : null); // scaling would fill what is empty
        var fitted = Agreement.AtFirst(ranks, () => DataFile.Guard(source.Name, () => ArrayFit.Fit(ranks.Size > 1 ? source : learnt.Again, learnt.Learnt[0], isHeld, wish)));
        var json = Encoding.UTF8.GetString(Agreement.Told(ranks, fitted is null ? [] : Encoding.UTF8.GetBytes(BundleJson.Serialize<SamplePreprocessing>(fitted))));
        return fitted ?? (ArrayPreprocessing)BundleJson.Deserialize<SamplePreprocessing>(json, source.Name);
    }

    // Where it is not known yet which samples validate, that is found out on the way.
    private PreparedData? Write(Task<string> hash, ArraySource samples, SamplePreprocessing preprocessing, long first, long last, PreparationOptions options, List<bool>? known)
    {
        using var writer = Agreement.Together(ranks, () => SampleStore.CreateTemporary(read.StoreFolder, source.Shape, source.IsBytes ? ElementType.UInt8 : ElementType.Float32));
        var (own, array, pass) = (new List<bool>(), preprocessing as ArrayPreprocessing, new ArrayPass(samples, PartOfProgress.Of(progress, known is null ? 0 : 0.5, 1), cancellationToken));
        Agreement.Together(ranks, () => DataFile.Guard(source.Name, () =>
        {
            pass.Run(first, last, (place, bytes, floats) =>
            {
                if (known is null)
                {
                    AddHeld(own, place, source.IsBytes ? bytes : MemoryMarshal.AsBytes(floats), options);
                }

                if (source.IsBytes)
                {
                    writer.AppendBytes(bytes);
                    return;
                }

                array?.Apply(floats);
                writer.Append(floats);
            });
            return true;
        }));
        var isHeld = known ?? AtFirst(own);
        return RankedParts.Join(ranks, source.Name, writer, [], read.StoreFolder, _ => Complete(writer.Finish(), hash, preprocessing, HoldOut.Split(isHeld)));
    }

    private void AddHeld(List<bool> isHeld, long place, ReadOnlySpan<byte> samples, PreparationOptions options)
    {
        var length = source.SampleLength * (source.IsBytes ? sizeof(byte) : sizeof(float));
        for (; !samples.IsEmpty; samples = samples[length..])
        {
            isHeld.Add(options.IsHeld(place++, samples[..length]));
        }
    }

    private PreparedData Complete(SampleStore store, Task<string> hash, SamplePreprocessing preprocessing, SampleSplit split) => new()
    {
        Samples = store,
        Preprocessing = preprocessing,
        Split = split,
        Labels = source.Labels,
        Description = new DataDescription { Source = source.Name, Format = source.Format, Samples = store.Count, Hash = hash.GetAwaiter().GetResult(), Notes = source.Notes },
    };

    // Refuses samples that the preprocessing is not for.
    private void RequireFit(SamplePreprocessing preprocessing)
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
}
