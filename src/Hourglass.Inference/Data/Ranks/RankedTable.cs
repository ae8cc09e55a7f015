using Hourglass.Collectives;
using Hourglass.Data.Stores;
using Hourglass.Data.Tabular;
using Hourglass.Preprocessing;

namespace Hourglass.Data.Ranks;

/// <summary>A table read by several ranks, each its run of blocks, to the store that one process writes.</summary>
/// <param name="ranks">All of them make the same calls.</param>
/// <param name="source">The table, which all of them see.</param>
/// <param name="read">What was said about it.</param>
/// <param name="progress">Told the share done.</param>
/// <param name="cancellationToken">Stops the reading.</param>
internal sealed class RankedTable(ICollective ranks, TableSource source, ReadOptions read, IProgress<double>? progress, CancellationToken cancellationToken)
{
    /// <summary>Infers kinds, splits, fits on the training part, applies.</summary>
    /// <returns>Null on ranks other than the first.</returns>
    public PreparedData? Prepare(PreparationOptions options)
    {
        var learnt = new RankedLearning(ranks, source, options, cancellationToken).Run(read, progress);
        return learnt is null ? AtFirst(() => TableData.Prepare(source, read, options, progress, cancellationToken))
            : Ingest(learnt.Roles, learnt.Preprocessing, learnt.Described, options, learnt.Blocks);
    }

    /// <summary>Applies what was fitted before.</summary>
    /// <returns>Null on ranks other than the first.</returns>
    public PreparedData? Apply(TablePreprocessing preprocessing)
    {
        var roles = Agreement.Together(ranks, () => TableData.RolesFor(source, read, preprocessing));
        return Ingest(roles, TableData.InputsFor(source, roles, preprocessing), [], new PreparationOptions { Validation = 0 }, null);
    }

    private PreparedData? AtFirst(Func<PreparedData> work) => ranks.Rank == 0 ? work() : null;

    private PreparedData? Ingest(TableRoles roles, TablePreprocessing preprocessing, IReadOnlyList<ColumnDescription> described, PreparationOptions options, LearntBlocks? learnt)
    {
        var hash = ranks.Rank == 0 ? Task.Run(source.Hash, cancellationToken) : Task.FromResult("");
        var (ingest, done) = (new TableIngest(source, read, roles, preprocessing, options, hash, learnt), learnt is null ? 0 : 0.5);
        using var blocks = Agreement.Together(ranks, () => ingest.Blocks(all => BlockRun.ShareOf(all, ranks.Rank, ranks.Size)));
        if (blocks is null)
        {
            return AtFirst(() => ingest.Run(described, progress, done, cancellationToken));
        }

        using (var writer = Agreement.Together(ranks, ingest.NewWriter))
        {
            var isWhole = Agreement.Together(ranks, () => DataFile.Guard(source.Name, () => ingest.Write(blocks, writer, progress, done, cancellationToken)));
            var rows = ranks.Gather(BitConverter.GetBytes(isWhole ? writer.Count : -1)).Select(count => BitConverter.ToInt64(count)).ToList();
            if (rows.TrueForAll(count => count >= 0) && rows.Sum() > 0)
            {
                return Join(ingest, writer, described);
            }
        }

        return AtFirst(() => ingest.RunByRows(described, progress, done, cancellationToken));
    }

    private PreparedData? Join(TableIngest ingest, SampleStoreWriter writer, IReadOnlyList<ColumnDescription> described) =>
        RankedParts.Join(ranks, source.Name, writer, ranks.Rank == 0 ? [] : FactsOf(ingest), read.StoreFolder, told =>
        {
            foreach (var facts in told)
            {
                using var reader = new BinaryReader(new MemoryStream(facts));
                ingest.Facts.Read(reader);
            }

            return ingest.Complete(writer, described, []);
        });

    private static byte[] FactsOf(TableIngest ingest)
    {
        using var memory = new MemoryStream();
        using var writer = new BinaryWriter(memory);
        ingest.Facts.Write(writer);
        return memory.ToArray();
    }
}
