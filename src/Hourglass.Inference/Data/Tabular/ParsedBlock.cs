using System.Buffers;

namespace Hourglass.Data.Tabular;

/// <summary>The rows of a block that validate, and those that train.</summary>
/// <param name="IsHeld">Which rows validate.</param>
internal sealed record BlockSplit(bool[] IsHeld)
{
    /// <summary>The others, in order.</summary>
    public int[] Training { get; } = TrainingOf(IsHeld);

    private static int[] TrainingOf(bool[] isHeld)
    {
        var (rows, count) = (new int[isHeld.Length], 0);
        for (var row = 0; row < rows.Length; row++)
        {
            rows[count] = row;
            count += isHeld[row] ? 0 : 1;
        }

        return rows[..count];
    }
}

/// <summary>Where in a table a run of its rows lies.</summary>
/// <param name="First">The first row's place.</param>
/// <param name="All">Rows of the table; looked at where the last ones validate.</param>
internal sealed record RowPlaces(long First, long All)
{
    /// <summary>The split of a block.</summary>
    /// <param name="block">The block.</param>
    /// <param name="before">Rows of the run before it.</param>
    /// <param name="options">Of the split.</param>
    public BlockSplit Split(ParsedBlock block, long before, PreparationOptions options) => block.Split ?? new BlockSplit(options.Held(First + before, block.Block.Rows, All));
}

/// <summary>A block with its numbers.</summary>
/// <param name="Block">The rows.</param>
/// <param name="Numbers">[column][row]; null for columns that hold others.</param>
/// <param name="Facts">[column]; looked at where there are numbers.</param>
/// <param name="Split">Null where places say which rows validate: the rows before decide these.</param>
/// <param name="Memory">What the numbers lie in, where it is lent: where the block holds them too, so that nobody keeps these.</param>
internal sealed record ParsedBlock(TableBlock Block, ReadOnlyMemory<double>?[] Numbers, NumberFacts[] Facts, BlockSplit? Split, double[]? Memory)
{
    /// <summary>Parses all columns.</summary>
    /// <param name="block">The rows.</param>
    /// <param name="roles">Columns that are not model input.</param>
    /// <param name="columns">How many.</param>
    /// <param name="options">Of the split.</param>
    public static ParsedBlock Of(TableBlock block, TableRoles roles, int columns, PreparationOptions options)
    {
        var lent = block.HeldBytes > 0 ? ArrayPool<double>.Shared.Rent(columns * block.Rows) : null;
        var (all, numbers, facts) = (lent ?? GC.AllocateUninitializedArray<double>(columns * block.Rows), new ReadOnlyMemory<double>?[columns], new NumberFacts[columns]); // one array, which the collector leaves where it is
        var are = block.AllNumbers(columns, all);
        for (var column = 0; column < columns; column++)
        {
            var own = all.AsMemory(column * block.Rows, block.Rows);
            if (are[column])
            {
                numbers[column] = own;
                facts[column] = NumberFacts.Of(own.Span);
            }
        }

        return new ParsedBlock(block, numbers, facts, options.NeedsPlaces ? null : new BlockSplit(roles.Held(block, columns, options, all)), lent);
    }

    /// <summary>Gives lent memory back; nobody looks at the block afterwards.</summary>
    public void Release()
    {
        ReleaseNumbers();
        Block.Release();
    }

    /// <summary>Gives the numbers' memory back; the block can still be asked.</summary>
    public void ReleaseNumbers()
    {
        if (Memory is not null)
        {
            ArrayPool<double>.Shared.Return(Memory);
        }
    }
}
