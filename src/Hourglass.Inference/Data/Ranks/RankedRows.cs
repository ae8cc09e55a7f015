using Hourglass.Collectives;
using Hourglass.Data.Tabular;

namespace Hourglass.Data.Ranks;

/// <summary>A table's rows in runs of blocks, one for each rank.</summary>
/// <param name="ranks">All of them make the same calls.</param>
/// <param name="source">The table, which all of them see.</param>
internal sealed class RankedRows(ICollective ranks, TableSource source)
{
    /// <summary>A rank's blocks; null for a table that has none.</summary>
    /// <param name="wanted">Columns that will be asked for.</param>
    /// <param name="rank">Whose.</param>
    public BlockRun? Open(IReadOnlySet<int> wanted, int rank) => source.OpenBlocks(wanted) is { } all ? BlockRun.ShareOf(all, rank, ranks.Size) : null;

    /// <summary>Where each rank's rows lie, counted first where their places say which validate.</summary>
    /// <param name="options">Of the split.</param>
    /// <returns>Null where one process must read the table.</returns>
    public RowPlaces[]? Places(PreparationOptions options)
    {
        if (!options.NeedsPlaces || (ranks.Size == 1 && !options.ByTime))
        {
            return [.. Enumerable.Repeat(new RowPlaces(0, 0), ranks.Size)];
        }

        var own = Agreement.Together(ranks, () => DataFile.Guard(source.Name, () =>
        {
            using var blocks = Open(new HashSet<int>(), ranks.Rank);
            return blocks is null ? null : TableLearning.Count(blocks);
        }));
        var rows = ranks.Gather(BitConverter.GetBytes(own ?? -1)).Select(count => BitConverter.ToInt64(count)).ToList();
        return rows.Contains(-1) ? null : [.. Enumerable.Range(0, ranks.Size).Select(rank => new RowPlaces(rows.Take(rank).Sum(), rows.Sum()))];
    }

    /// <summary>Whether every rank has something; where one has not, all go another way.</summary>
    /// <param name="own">This rank's.</param>
    public bool AllHave(object? own) => ranks.Gather([own is null ? (byte)0 : (byte)1]).All(has => has[0] == 1);
}
