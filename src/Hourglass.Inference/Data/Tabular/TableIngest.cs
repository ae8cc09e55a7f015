using System.Collections.Concurrent;
using Hourglass.Data.Stores;
using Hourglass.Preprocessing;

namespace Hourglass.Data.Tabular;

/// <summary>Writes the rows of a table to a sample store: in blocks on all processors where the table has no flaw, else row by row, which names the flaws.</summary>
internal sealed class TableIngest(TableSource source, ReadOptions read, TableRoles roles, TablePreprocessing preprocessing, PreparationOptions options, Task<string> hash, LearntBlocks? learnt = null)
{
    private const int ListedBadRows = 10;
    private readonly ConcurrentBag<float[]> _rooms = []; // of samples that are written
    private readonly int[] _places = [.. preprocessing.Columns.Select(column => source.Find(column.Name, "column"))];

    /// <summary>What is known about the rows beside their values.</summary>
    public TableFacts Facts { get; } = new(roles);

    /// <summary>Reads all rows.</summary>
    /// <param name="described">What was inferred about the columns.</param>
    /// <param name="progress">Told the share done, up to 1.</param>
    /// <param name="done">The share done before.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public PreparedData Run(IReadOnlyList<ColumnDescription> described, IProgress<double>? progress, double done, CancellationToken cancellationToken) =>
        RunByBlocks(described, progress, done, cancellationToken) ?? RunByRows(described, progress, done, cancellationToken);

    /// <summary>Reads all rows one by one, which names flaws.</summary>
    public PreparedData RunByRows(IReadOnlyList<ColumnDescription> described, IProgress<double>? progress, double done, CancellationToken cancellationToken)
    {
        var badRows = new List<DataException>();
        Facts.Clear();
        using var writer = NewWriter();
        WriteRows(writer, badRows, progress, done, cancellationToken);
        return writer.Count > 0 ? Complete(writer, described, badRows) : throw new DataException($"{source.Name}: holds no rows that can be read.");
    }

    /// <summary>Closes a store and tells what is known about it.</summary>
    public PreparedData Complete(SampleStoreWriter writer, IReadOnlyList<ColumnDescription> described, IReadOnlyList<DataException> badRows)
    {
        var store = writer.Finish();
        return Facts.Of(store, preprocessing, options, new DataDescription { Source = source.Name, Format = source.Format, Samples = store.Count, Hash = hash.GetAwaiter().GetResult(), Columns = described, Notes = Notes(badRows) });
    }

    /// <summary>Starts a store.</summary>
    public SampleStoreWriter NewWriter() => SampleStore.CreateTemporary(read.StoreFolder, [.. preprocessing.SampleShape], ElementType.Float32);

    /// <summary>The blocks to read: those that were kept, else the file's; null where it has none.</summary>
    /// <param name="share">Takes a share of the file's blocks; all are read when null.</param>
    public TableBlocks? Blocks(Func<TableBlocks, TableBlocks>? share = null) => learnt?.For(preprocessing.Columns, _places)
        ?? (source.OpenBlocks(roles.Wanted(source.Columns.Count, _places, hasKeys: options.Validation > 0 && learnt is null)) is { } all ? share?.Invoke(all) ?? all : null);

    /// <summary>Writes the rows of blocks.</summary>
    /// <param name="blocks">The first is the first that was learnt from.</param>
    /// <param name="writer">Where to.</param>
    /// <param name="progress">Told the share done, up to 1.</param>
    /// <param name="start">The share done before.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>False where a row has a flaw.</returns>
    public bool Write(TableBlocks blocks, SampleStoreWriter writer, IProgress<double>? progress, double start, CancellationToken cancellationToken)
    {
        var done = 0;
        foreach (var samples in Ahead.InOrder(0, blocks.Count, number => Samples(blocks, number)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (samples is null)
            {
                return false;
            }

            Facts.Add(samples, samples.IsHeld is [] ? options.Held(writer.Count, samples.Values.Length / preprocessing.SampleShape[0], writer.Count) : samples.IsHeld);
            writer.Append(samples.Values);
            _rooms.Add(samples.Values);
            progress?.Report(start + ((1 - start) * ++done / blocks.Count));
        }

        return true;
    }

    private BlockSamples? Samples(TableBlocks blocks, int number)
    {
        if (blocks.Read(number) is not { } block)
        {
            return null;
        }

        var samples = BlockSamples.Of(block, source, roles, preprocessing, _places, options, learnt?.IsHeld[number] ?? (options.NeedsPlaces ? [] : null), _rooms.TryTake(out var room) ? room : null);
        block.Release();
        return samples;
    }

    private PreparedData? RunByBlocks(IReadOnlyList<ColumnDescription> described, IProgress<double>? progress, double done, CancellationToken cancellationToken)
    {
        using var blocks = Blocks();
        using var writer = blocks is null ? null : NewWriter();
        return writer is not null && Write(blocks!, writer, progress, done, cancellationToken) && writer.Count > 0 ? Complete(writer, described, []) : null;
    }

    private void WriteRows(SampleStoreWriter writer, List<DataException> badRows, IProgress<double>? progress, double start, CancellationToken cancellationToken)
    {
        var (values, key, next) = (new float[preprocessing.SampleShape[0]], new RowKey(source, roles), 0L);
        foreach (var row in source.Rows(read.OnBadRow == BadRowPolicy.Skip ? badRows.Add : null, progress, start, 1))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var place = next++; // rows with a fault have one too: what is learnt by rows counts them
            if (Transform(row, values) is { } fault)
            {
                if (read.OnBadRow == BadRowPolicy.Fail)
                {
                    throw fault;
                }

                badRows.Add(fault);
                continue;
            }

            Facts.Add(row.Fields, options.IsHeld(place, key.Of(row)));
            writer.Append(values);
        }
    }

    private DataException? Transform(TableRow row, float[] values)
    {
        Array.Clear(values);
        var start = 0;
        for (var column = 0; column < _places.Length; column++)
        {
            var transform = preprocessing.Columns[column];
            var text = row.Fields[_places[column]];
            if (!transform.Apply(text, source.Decimal, values.AsSpan(start, transform.Width)))
            {
                return new DataException($"{source.Name}: line {row.Line}, column {_places[column] + 1} ('{transform.Name}'): expected {transform.Expected}, found '{text}'. Mend it, leave the column out with --ignore, or skip such rows with --on-bad-row skip.");
            }

            start += transform.Width;
        }

        return null;
    }

    private static string[] Notes(IReadOnlyList<DataException> badRows) => badRows.Count == 0
        ? []
        : [$"Skipped {badRows.Count} malformed rows.", .. badRows.Take(ListedBadRows).Select(fault => $"Skipped: {fault.Message}")];
}
