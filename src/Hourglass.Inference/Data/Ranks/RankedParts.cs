using Hourglass.Collectives;
using Hourglass.Data.Stores;

namespace Hourglass.Data.Ranks;

/// <summary>Samples that ranks have written, each its run of them, in one store.</summary>
internal static class RankedParts
{
    /// <summary>Rank 0 has its own samples in the store and puts the others' behind them, in the order of ranks.</summary>
    /// <param name="ranks">All of them make this call.</param>
    /// <param name="source">What was read, for errors.</param>
    /// <param name="writer">This rank's samples.</param>
    /// <param name="facts">What is known about them beside their values.</param>
    /// <param name="folder">Where copies go.</param>
    /// <param name="complete">On rank 0: closes the store; given the facts of ranks 1 and on.</param>
    /// <returns>Null on ranks other than the first.</returns>
    public static PreparedData? Join(ICollective ranks, string source, SampleStoreWriter writer, byte[] facts, string? folder, Func<IReadOnlyList<byte[]>, PreparedData> complete)
    {
        using var own = Agreement.Together(ranks, () => ranks.Rank == 0 ? null : writer.Finish());
        var (parts, told) = (new List<SampleStore>(), new List<byte[]>());
        try
        {
            for (var rank = 1; rank < ranks.Size; rank++)
            {
                var words = StoreReach.PassBytes(ranks, rank, rank == ranks.Rank ? facts : []);
                if (Agreement.Together(ranks, () => StoreReach.AtFirst(ranks, rank, rank == ranks.Rank ? own : null, folder)) is { } part)
                {
                    parts.Add(part);
                    told.Add(words);
                }
            }

            return Agreement.AtFirst(ranks, () => DataFile.Guard(source, () =>
            {
                parts.ForEach(writer.Append);
                return complete(told);
            }));
        }
        finally
        {
            parts.ForEach(part => part.Dispose());
        }
    }
}
