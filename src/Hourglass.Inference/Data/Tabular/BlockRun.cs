namespace Hourglass.Data.Tabular;

/// <summary>Consecutive blocks of a table: one rank's share of the reading.</summary>
/// <param name="blocks">All; the run takes them over.</param>
/// <param name="first">The first of the run.</param>
/// <param name="count">How many.</param>
internal sealed class BlockRun(TableBlocks blocks, int first, int count) : TableBlocks
{
    /// <inheritdoc/>
    public override int Count => count;

    /// <summary>A rank's share.</summary>
    /// <param name="blocks">All; the share takes them over.</param>
    /// <param name="rank">Whose.</param>
    /// <param name="ranks">How many share.</param>
    public static BlockRun ShareOf(TableBlocks blocks, int rank, int ranks)
    {
        var first = blocks.FirstOf(rank, ranks);
        return new BlockRun(blocks, first, blocks.FirstOf(rank + 1, ranks) - first);
    }

    /// <inheritdoc/>
    public override TableBlock? Read(int number) => blocks.Read(first + number);

    /// <inheritdoc/>
    public override void Dispose() => blocks.Dispose();
}
