using Hourglass.Preprocessing;

namespace Hourglass.Data.Tabular;

/// <summary>The first pass over a table: what is learnt about its columns.</summary>
internal static class TableLearning
{
    /// <summary>Learns from blocks on all processors.</summary>
    /// <param name="blocks">All of the table, or a rank's share.</param>
    /// <param name="roles">Columns that are not model input.</param>
    /// <param name="columns">Receive what is learnt.</param>
    /// <param name="schedule">Of the columns' samples; null where numbers are only counted.</param>
    /// <param name="options">Of the split.</param>
    /// <param name="places">Of the rows.</param>
    /// <param name="sharers">Processes that share the machine's memory.</param>
    /// <param name="progress">Told the share done, up to one half.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>Null where the table must be read by its rows.</returns>
    public static LearntBlocks? ByBlocks(TableBlocks blocks, TableRoles roles, ColumnStatistics[] columns, SampleSchedule? schedule, PreparationOptions options, RowPlaces places, int sharers, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var (splits, kept, rows, isLate) = (new List<BlockSplit>(), new KeptBlocks(roles, sharers), 0L, false);
        foreach (var block in Ahead.InOrder(0, blocks.Count, number => blocks.Read(number) is { } read ? ParsedBlock.Of(read, roles, columns.Length, options) : null))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (block is null)
            {
                return null;
            }

            var own = places.Split(block, rows, options);
            rows += block.Block.Rows;
            schedule?.Reach(rows);
            isLate = splits.Count == 0 ? schedule is not null && kept.WillHold(block.Block, blocks.Rows) : isLate;
            Add(block, columns, own, !isLate);
            splits.Add(own);
            kept.Add(block);
            progress?.Report(0.5 * splits.Count / blocks.Count);
        }

        if (isLate)
        {
            new LateSamples(schedule!, kept, splits).Take(columns);
        }

        return new LearntBlocks(splits.ConvertAll(split => split.IsHeld), kept);
    }

    // Numbers whose texts are not looked at are quickly done, beside the threads that parse; with the others these must help.
    private static void Add(ParsedBlock block, ColumnStatistics[] columns, BlockSplit own, bool isSampled)
    {
        var others = new List<int>();
        for (var column = 0; column < columns.Length; column++)
        {
            if (columns[column].IsQuick && block.Numbers[column] is not null)
            {
                columns[column].Add(block, column, own, isSampled);
            }
            else
            {
                others.Add(column);
            }
        }

        Parallel.ForEach(others, column => columns[column].Add(block, column, own, isSampled));
    }

    /// <summary>Counts rows.</summary>
    /// <param name="blocks">All of a table, or a rank's share; no column need be wanted.</param>
    /// <returns>Null where the table must be read by its rows.</returns>
    public static long? Count(TableBlocks blocks)
    {
        var rows = 0L;
        foreach (var count in Ahead.InOrder(0, blocks.Count, number => blocks.Read(number)?.Rows))
        {
            if (count is null)
            {
                return null;
            }

            rows += count.Value;
        }

        return rows;
    }

    /// <summary>Learns from rows, one after another.</summary>
    public static void ByRows(TableSource source, TableRoles roles, ColumnStatistics[] columns, ReadOptions read, PreparationOptions options, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        Action<DataException>? skip = read.OnBadRow == BadRowPolicy.Skip ? _ => { } : null; // listed by the second pass
        var key = new RowKey(source, roles);
        var place = 0L;
        var border = options.ByTime ? HoldOut.Border(source.Rows(skip).LongCount(), options.Validation) : 0;
        foreach (var row in source.Rows(skip, progress, 0, 0.5))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var isTraining = options.ByTime ? place++ < border : !options.IsHeld(place++, key.Of(row));
            for (var column = 0; column < columns.Length; column++)
            {
                columns[column].Add(row.Fields[column], isTraining);
            }
        }
    }
}

/// <summary>What a first pass over blocks leaves for the second.</summary>
/// <param name="IsHeld">For each block, which rows validate.</param>
/// <param name="Kept">The numbers.</param>
internal sealed record LearntBlocks(IReadOnlyList<bool[]> IsHeld, KeptBlocks Kept)
{
    /// <summary>The blocks once more, where the numbers are all that is asked for; null where the file must be read again.</summary>
    /// <param name="inputs">The transforms of the columns.</param>
    /// <param name="places">The column of each.</param>
    public TableBlocks? For(IReadOnlyList<ColumnTransform> inputs, int[] places)
    {
        if (Kept.IsWhole && inputs.All(input => input is NumericTransform) && Array.TrueForAll(places, Kept.HasNumbers))
        {
            return Kept;
        }

        Kept.Dispose();
        return null;
    }
}
