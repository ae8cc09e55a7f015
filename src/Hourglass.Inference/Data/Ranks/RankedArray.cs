using Hourglass.Collectives;
using Hourglass.Data.Arrays;
using Hourglass.Data.Stores;
using Hourglass.Preprocessing;

namespace Hourglass.Data.Ranks;

/// <summary>Samples that take work to read, as pictures do, read by several ranks, each its run of them, to the store that one process writes.</summary>
/// <param name="ranks">All of them make the same calls.</param>
/// <param name="source">The samples, which all of them see; one that can be cut.</param>
/// <param name="read">What was said about it.</param>
/// <param name="progress">Told the share done.</param>
/// <param name="cancellationToken">Stops the reading.</param>
internal sealed class RankedArray(ICollective ranks, ArraySource source, ReadOptions read, IProgress<double>? progress, CancellationToken cancellationToken)
{
    /// <summary>Splits, fits and applies.</summary>
    /// <returns>Null on ranks other than the first.</returns>
    public PreparedData? Prepare(PreparationOptions options) => Run(options, (hash, raw, split) => ArrayData.Fitted(source, hash, read, raw, split, options));

    /// <summary>Applies what was fitted before.</summary>
    /// <returns>Null on ranks other than the first.</returns>
    public PreparedData? Apply(SamplePreprocessing preprocessing)
    {
        Agreement.Together(ranks, () =>
        {
            ArrayData.RequireFit(source, preprocessing);
            return true;
        });
        return Run(new PreparationOptions { Validation = 0 }, (hash, raw, split) => ArrayData.Applied(source, hash, read, raw, split, preprocessing));
    }

    private PreparedData? Run(PreparationOptions options, Func<Task<string>, SampleStore, SampleSplit, PreparedData> complete)
    {
        var hash = ranks.Rank == 0 ? Task.Run(source.Hash, cancellationToken) : Task.FromResult("");
        using var writer = Agreement.Together(ranks, () => ArrayData.NewWriter(source, read));
        var isHeld = Agreement.Together(ranks, () => DataFile.Guard(source.Name, () => ArrayData.Write(source, writer, First(ranks.Rank), First(ranks.Rank + 1), options, progress, cancellationToken)));
        return RankedParts.Join(ranks, source.Name, writer, [.. isHeld.Select(held => held ? (byte)1 : (byte)0)], read.StoreFolder, told =>
            complete(hash, writer.Finish(), HoldOut.Split([.. isHeld, .. told.SelectMany(part => part).Select(held => held == 1)])));
    }

    private long First(int rank) => source.Count * rank / ranks.Size;
}
