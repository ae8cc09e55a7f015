using System.Text;

namespace Hourglass.Data.Tabular;

/// <summary>The first pass over a table: what is learnt about its columns.</summary>
internal static class TableLearning
{
    /// <summary>Learns from blocks on all processors.</summary>
    /// <param name="source">The table.</param>
    /// <param name="roles">Columns that are not model input.</param>
    /// <param name="columns">Receive what is learnt.</param>
    /// <param name="options">Of the split.</param>
    /// <param name="progress">Told the share done, up to one half.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>For each block, which rows validate; null where the table must be read by its rows.</returns>
    public static List<bool[]>? ByBlocks(TableSource source, TableRoles roles, ColumnStatistics[] columns, PreparationOptions options, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        using var blocks = source.OpenBlocks(Enumerable.Range(0, columns.Length).ToHashSet());
        if (blocks is null)
        {
            return null;
        }

        var held = new List<bool[]>();
        foreach (var block in Ahead.InOrder(0, blocks.Count, number => blocks.Read(number) is { } read ? ParsedBlock.Of(read, roles, columns.Length, options) : null))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (block is null)
            {
                return null;
            }

            Parallel.For(0, columns.Length, column => columns[column].Add(block.Block, column, block.Numbers[column], block.IsHeld));
            held.Add(block.IsHeld);
            progress?.Report(0.5 * held.Count / blocks.Count);
        }

        return Array.Exists(columns, column => column.NeedsTexts) ? null : held;
    }

    /// <summary>Learns from rows, one after another.</summary>
    public static void ByRows(TableSource source, TableRoles roles, ColumnStatistics[] columns, ReadOptions read, PreparationOptions options, CancellationToken cancellationToken)
    {
        Action<DataException>? skip = read.OnBadRow == BadRowPolicy.Skip ? _ => { } : null; // listed by the second pass
        var key = new StringBuilder();
        var left = options.ByTime ? (long)Math.Round(source.Rows(skip).LongCount() * (1 - options.Validation)) : 0;
        foreach (var row in source.Rows(skip))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var isTraining = options.ByTime ? left-- > 0 : !HoldOut.IsValidation(roles.Key(row, key), options.Seed, options.Validation);
            for (var column = 0; column < columns.Length; column++)
            {
                columns[column].Add(row.Fields[column], isTraining);
            }
        }
    }

    // A block with its numbers, null for columns that hold others.
    private sealed record ParsedBlock(TableBlock Block, double[]?[] Numbers, bool[] IsHeld)
    {
        public static ParsedBlock Of(TableBlock block, TableRoles roles, int columns, PreparationOptions options)
        {
            var numbers = new double[]?[columns];
            for (var column = 0; column < columns; column++)
            {
                var own = new double[block.Rows];
                numbers[column] = block.TryNumbers(column, own) ? own : null;
            }

            return new ParsedBlock(block, numbers, roles.Held(block, columns, options));
        }
    }
}
