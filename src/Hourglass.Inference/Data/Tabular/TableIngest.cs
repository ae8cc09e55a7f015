using Hourglass.Data.Arrays;
using Hourglass.Data.Stores;
using Hourglass.Preprocessing;

namespace Hourglass.Data.Tabular;

/// <summary>Writes the rows of a table to a sample store: in blocks on all processors where the table has no flaw, else row by row, which names the flaws.</summary>
internal sealed class TableIngest(TableSource source, ReadOptions read, TableRoles roles, TablePreprocessing preprocessing, PreparationOptions options, Task<string> hash, LearntBlocks? learnt = null)
{
    private const int ListedBadRows = 10;
    private readonly int[] _places = [.. preprocessing.Columns.Select(column => source.Find(column.Name, "column"))];
    private readonly List<bool> _isHeld = [];
    private readonly List<string?> _labels = [];
    private readonly List<string> _identifiers = [];
    private readonly List<double> _times = [];

    /// <summary>Reads all rows.</summary>
    /// <param name="described">What was inferred about the columns.</param>
    /// <param name="progress">Told the share done, up to 1.</param>
    /// <param name="done">The share done before.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public PreparedData Run(IReadOnlyList<ColumnDescription> described, IProgress<double>? progress, double done, CancellationToken cancellationToken)
    {
        var badRows = new List<DataException>();
        var store = ByBlocks(progress, done, cancellationToken) ?? ByRows(badRows, progress, done, cancellationToken) ?? throw new DataException($"{source.Name}: holds no rows that can be read.");
        return new PreparedData
        {
            Samples = store,
            Preprocessing = preprocessing,
            Split = HoldOut.Split(_isHeld),
            Labels = roles.Label is null ? null : LabelCodes.From(_labels),
            Identifiers = roles.Id is null ? null : _identifiers,
            Times = roles.Clock is null ? null : _times,
            Description = new DataDescription { Source = source.Name, Format = source.Format, Samples = store.Count, Hash = hash.GetAwaiter().GetResult(), Columns = described, Notes = Notes(badRows) },
        };
    }

    private SampleStore? ByBlocks(IProgress<double>? progress, double start, CancellationToken cancellationToken)
    {
        using var blocks = learnt?.For(preprocessing.Columns, _places) ?? source.OpenBlocks(roles.Wanted(source.Columns.Count, _places, hasKeys: options.Validation > 0 && learnt is null));
        if (blocks is null)
        {
            return null;
        }

        using var writer = SampleStore.CreateTemporary(read.StoreFolder, [.. preprocessing.SampleShape], ElementType.Float32);
        var done = 0;
        foreach (var samples in Ahead.InOrder(0, blocks.Count, number => blocks.Read(number) is { } block ? BlockSamples.Of(block, source, roles, preprocessing, _places, options, learnt?.IsHeld[number] ?? (options.ByPlace ? [] : null)) : null))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (samples is null)
            {
                Forget();
                return null;
            }

            _isHeld.AddRange(options.ByPlace ? options.Drawn(writer.Count, samples.Values.Length / preprocessing.SampleShape[0]) : samples.IsHeld);
            writer.Append(samples.Values);
            _labels.AddRange(samples.Labels);
            _identifiers.AddRange(samples.Identifiers);
            _times.AddRange(samples.Times);
            progress?.Report(start + ((1 - start) * ++done / blocks.Count));
        }

        return writer.Count > 0 ? writer.Finish() : null;
    }

    private void Forget()
    {
        _isHeld.Clear();
        _labels.Clear();
        _identifiers.Clear();
        _times.Clear();
    }

    private SampleStore? ByRows(List<DataException> badRows, IProgress<double>? progress, double start, CancellationToken cancellationToken)
    {
        using var writer = SampleStore.CreateTemporary(read.StoreFolder, [.. preprocessing.SampleShape], ElementType.Float32);
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

            _isHeld.Add(options.IsHeld(place, key.Of(row)));
            writer.Append(values);
            if (roles.Label is { } label)
            {
                _labels.Add(row.Fields[label]);
            }

            if (roles.Id is { } id)
            {
                _identifiers.Add(row.Fields[id] ?? "");
            }

            if (roles.Clock is { } clock)
            {
                _times.Add(TableRoles.Seconds(row.Fields[clock]));
            }
        }

        return writer.Count > 0 ? writer.Finish() : null;
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

    private static string[] Notes(List<DataException> badRows) => badRows.Count == 0
        ? []
        : [$"Skipped {badRows.Count} malformed rows.", .. badRows.Take(ListedBadRows).Select(fault => $"Skipped: {fault.Message}")];
}
