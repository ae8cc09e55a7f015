using System.Runtime.InteropServices;
using System.Text;
using Hourglass.Bundles;
using Hourglass.Collectives;
using Hourglass.Data.Tabular;
using Hourglass.Preprocessing;

namespace Hourglass.Data.Ranks;

/// <summary>The first pass over a table by several ranks, each over its run of blocks, to what one process learns.</summary>
/// <remarks>Counts add up. Which numbers enter the sample of a column depends on how many came before them, so that every rank is told and then picks its own.
/// Distinct texts are counted up to a limit, in the order of the rows: where the limit falls among the rows of another rank, rank 0 counts these texts again.</remarks>
/// <param name="ranks">All of them make the same calls.</param>
/// <param name="source">The table, which all of them see.</param>
/// <param name="options">Of the split.</param>
/// <param name="cancellationToken">Stops the reading.</param>
internal sealed class RankedLearning(ICollective ranks, TableSource source, PreparationOptions options, CancellationToken cancellationToken)
{
    private readonly RankedRows _rows = new(ranks, source);

    private int Columns => source.Columns.Count;

    /// <summary>Learns.</summary>
    /// <param name="read">What was said about the table.</param>
    /// <param name="progress">Told the share done, up to one half.</param>
    /// <returns>The same on all ranks, but for the blocks, which each keeps of its own; null where one process must read the table.</returns>
    public LearntTable? Run(ReadOptions read, IProgress<double>? progress)
    {
        var roles = Agreement.Together(ranks, () => TableRoles.Of(source, read));
        var schedule = ranks.Rank == 0 ? new SampleSchedule(options.Seed) : null; // who comes later does not know yet how many numbers came before
        var columns = source.Columns.Select(name => new ColumnStatistics(name, source.Decimal, schedule)).ToArray();
        if (_rows.Places(options) is not { } places)
        {
            return null;
        }

        var learnt = Agreement.Together(ranks, () => DataFile.Guard(source.Name, () => Learn(roles, columns, schedule, places[ranks.Rank], progress)));
        if (!_rows.AllHave(learnt))
        {
            return null;
        }

        var (before, isFull) = Before(columns);
        var samples = Agreement.Together(ranks, () => DataFile.Guard(source.Name, () => ranks.Rank == 0 ? [] : Sample(learnt!, columns, before)));
        var told = Enumerable.Range(0, ranks.Size).Select(rank => StoreReach.PassBytes(ranks, rank, rank == ranks.Rank && rank > 0 ? ToBytes(columns, samples, isFull) : [])).ToList();
        var fitted = Agreement.AtFirst(ranks, () => DataFile.Guard(source.Name, () => Fit(roles, columns, told, places)));
        var json = Encoding.UTF8.GetString(Agreement.Told(ranks, fitted is { } first ? Encoding.UTF8.GetBytes(BundleJson.Serialize<SamplePreprocessing>(first.Preprocessing)) : []));
        if (json.Length == 0)
        {
            return null;
        }

        var preprocessing = fitted?.Preprocessing ?? (TablePreprocessing)BundleJson.Deserialize<SamplePreprocessing>(json, source.Name);
        return new LearntTable(roles.WithClock(source, preprocessing), preprocessing, fitted?.Described ?? [], learnt!);
    }

    private LearntBlocks? Learn(TableRoles roles, ColumnStatistics[] columns, SampleSchedule? schedule, RowPlaces places, IProgress<double>? progress)
    {
        using var blocks = _rows.Open(TableData.AllOf(source), ranks.Rank);
        return blocks is null ? null : TableLearning.ByBlocks(blocks, roles, columns, schedule, options, places, ranks.Size, progress, cancellationToken);
    }

    // For each column, training numbers on the ranks before, and whether one of them has seen as many distinct texts as are counted.
    private (long[] Numbers, bool[] IsFull) Before(ColumnStatistics[] columns)
    {
        var all = ranks.Gather(MemoryMarshal.AsBytes<long>(columns.SelectMany(column => new[] { column.Numbers.Count, column.Texts.IsFull ? 1L : 0 }).ToArray()));
        var (numbers, isFull) = (new long[Columns], new bool[Columns]);
        foreach (var rank in all.Take(ranks.Rank))
        {
            var pairs = MemoryMarshal.Cast<byte, long>(rank);
            for (var column = 0; column < Columns; column++)
            {
                numbers[column] += pairs[2 * column];
                isFull[column] |= pairs[(2 * column) + 1] > 0;
            }
        }

        return (numbers, isFull);
    }

    // The numbers of this rank that enter the columns' samples; null for columns without any.
    private NumberSample?[] Sample(LearntBlocks learnt, ColumnStatistics[] columns, long[] before)
    {
        var schedule = new SampleSchedule(options.Seed);
        schedule.Reach(Enumerable.Range(0, Columns).Max(column => before[column] + columns[column].Numbers.Count));
        var wanted = Enumerable.Range(0, Columns).Where(column => columns[column].Numbers.Count > 0).ToHashSet();
        var samples = Enumerable.Range(0, Columns).Select(column => wanted.Contains(column) ? new NumberSample(schedule, before[column]) : null).ToArray();
        var isKept = learnt.Kept.IsWhole && wanted.All(learnt.Kept.HasNumbers);
        using var blocks = isKept ? null : _rows.Open(wanted, ranks.Rank);
        foreach (var (number, training, block) in Ahead.InOrder(0, learnt.IsHeld.Count, number => (number, new BlockSplit(learnt.IsHeld[number]).Training, blocks?.Read(number))))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var numbers = new double[learnt.IsHeld[number].Length];
            foreach (var column in wanted)
            {
                if (isKept)
                {
                    learnt.Kept.Numbers(number, column, numbers);
                    samples[column]!.Add(numbers, training, columns[column].Missing > 0);
                }
                else
                {
                    samples[column]!.Add(block ?? throw new DataException($"{source.Name}: changed while it was read."), column, training, source.Decimal);
                }
            }
        }

        return samples;
    }

    private static byte[] ToBytes(ColumnStatistics[] columns, NumberSample?[] samples, bool[] isFull)
    {
        using var memory = new MemoryStream();
        using var writer = new BinaryWriter(memory);
        var nothing = new NumberSample(null);
        for (var column = 0; column < columns.Length; column++)
        {
            columns[column].Write(writer, hasTexts: !isFull[column]);
            (samples[column] ?? nothing).Write(writer);
        }

        return memory.ToArray();
    }

    // Null where only a pass over the rows tells.
    private (TablePreprocessing Preprocessing, ColumnDescription[] Described)? Fit(TableRoles roles, ColumnStatistics[] columns, List<byte[]> told, RowPlaces[] places)
    {
        for (var rank = 1; rank < told.Count; rank++)
        {
            using var reader = new BinaryReader(new MemoryStream(told[rank]));
            var again = new List<(int Column, TextCounts Later)>();
            for (var column = 0; column < columns.Length; column++)
            {
                var later = ColumnStatistics.Read(reader, columns[column].Name, source.Decimal);
                columns[column].Join(later);
                columns[column].Numbers.Join(reader);
                if (!columns[column].Texts.TryJoin(later.Texts))
                {
                    again.Add((column, later.Texts));
                }
            }

            CountAgain(roles, columns, again, rank, places[rank]);
        }

        return Array.Exists(columns, column => column.NeedsTexts) ? null : TableData.Fit(source, roles, columns, options);
    }

    // Texts of a rank's rows, after those of the ranks before, until no more are counted.
    private void CountAgain(TableRoles roles, ColumnStatistics[] columns, List<(int Column, TextCounts Later)> again, int rank, RowPlaces places)
    {
        var (before, passed) = (again.ConvertAll(entry => columns[entry.Column].Texts.Rows), 0L);
        using var blocks = again.Count > 0 ? _rows.Open(TableData.AllOf(source), rank) : null;
        for (var number = 0; number < blocks?.Count && again.Exists(entry => !columns[entry.Column].Texts.IsDone(entry.Later)); number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var block = ParsedBlock.Of(blocks.Read(number) ?? throw new DataException($"{source.Name}: changed while it was read."), roles, Columns, options);
            var isHeld = places.Split(block, passed, options).IsHeld;
            passed += block.Block.Rows;
            foreach (var (column, _) in again)
            {
                columns[column].Texts.Add(block.Block, column, block.Numbers[column], isHeld);
            }
        }

        foreach (var ((column, later), rows) in again.Zip(before))
        {
            columns[column].Texts.Skip(later.Rows - (columns[column].Texts.Rows - rows));
        }
    }
}

/// <summary>What ranks have learnt about a table.</summary>
/// <param name="Roles">Columns that are not model input.</param>
/// <param name="Preprocessing">Fitted on the training part of all.</param>
/// <param name="Described">The columns, on rank 0.</param>
/// <param name="Blocks">This rank's, for its second pass.</param>
internal sealed record LearntTable(TableRoles Roles, TablePreprocessing Preprocessing, IReadOnlyList<ColumnDescription> Described, LearntBlocks Blocks);
