using System.Globalization;
using System.Text;
using Hourglass.Data.Arrays;
using Hourglass.Data.Stores;
using Hourglass.Preprocessing;

namespace Hourglass.Data.Tabular;

/// <summary>From a table to a sample store: one pass to learn, one to apply.</summary>
internal static class TableData
{
    private const int ListedBadRows = 10;

    /// <summary>Infers kinds, splits, fits on the training part, applies.</summary>
    public static PreparedData Prepare(TableSource source, ReadOptions read, PreparationOptions options, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var roles = Roles.Of(source, read);
        var columns = source.Columns.Select((name, index) => new ColumnStatistics(name, source.Decimal, options.Seed + index)).ToArray();
        var key = new StringBuilder();
        var left = options.ByTime ? (long)Math.Round(source.Rows(Skipping(read, null)).LongCount() * (1 - options.Validation)) : 0;
        foreach (var row in source.Rows(Skipping(read, null)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var isTraining = options.ByTime ? left-- > 0 : !HoldOut.IsValidation(roles.Key(row, key), options.Seed, options.Validation);
            for (var column = 0; column < columns.Length; column++)
            {
                columns[column].Add(row.Fields[column], row.Line, isTraining);
            }
        }

        if (columns[0].Count == 0)
        {
            throw new DataException($"{source.Name}: holds no rows.");
        }

        progress?.Report(0.5);
        var (preprocessing, described) = Fit(source, roles, columns, options.Scaling);
        return Ingest(source, read, roles, preprocessing, described, options, cancellationToken);
    }

    /// <summary>Applies what was fitted before.</summary>
    public static PreparedData Apply(TableSource source, ReadOptions read, TablePreprocessing preprocessing, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        progress?.Report(0);
        var missing = preprocessing.Columns.Select(column => column.Name).Where(name => !source.Columns.Contains(name, StringComparer.OrdinalIgnoreCase)).ToList();
        if (missing.Count > 0)
        {
            throw new DataException($"{source.Name}: lacks {missing.Count} of the {preprocessing.Columns.Count} columns that the model needs: {string.Join(", ", missing)}. It has: {string.Join(", ", source.Columns.Take(40))}.");
        }

        var label = read.Label is null || source.Columns.Contains(read.Label, StringComparer.OrdinalIgnoreCase) || int.TryParse(read.Label, CultureInfo.InvariantCulture, out _) ? read.Label : null;
        var roles = Roles.Of(source, read with { Label = label, Ignore = [] });
        return Ingest(source, read, roles, preprocessing, [], new PreparationOptions { Validation = 0 }, cancellationToken);
    }

    private static (TablePreprocessing, List<ColumnDescription>) Fit(TableSource source, Roles roles, ColumnStatistics[] columns, Scaling? wish)
    {
        var (transforms, described) = (new List<ColumnTransform>(), new List<ColumnDescription>());
        for (var index = 0; index < columns.Length; index++)
        {
            var column = columns[index];
            var kind = ColumnKinds.Infer(column);
            var (words, treatment) = (kind == ColumnKind.DateTime ? "date-time" : kind.ToString().ToLowerInvariant(), roles.Treatment(index));
            if (treatment is null)
            {
                (var transform, treatment) = ColumnFit.Fit(column, kind, wish);
                if (transform is not null)
                {
                    transforms.Add(transform);
                }
            }
            else
            {
                words = index == roles.Label ? "label" : index == roles.Id ? "identifier" : "ignored";
            }

            described.Add(new ColumnDescription(column.Name, words, column.Missing, column.Distinct.Count, treatment));
        }

        return transforms.Count > 0
            ? (new TablePreprocessing { Columns = transforms }, described)
            : throw new DataException($"{source.Name}: no column is left for the model: {string.Join("; ", described.Take(10).Select(column => $"{column.Name}: {column.Treatment}"))}.");
    }

    private static PreparedData Ingest(
        TableSource source, ReadOptions read, Roles roles, TablePreprocessing preprocessing, List<ColumnDescription> described, PreparationOptions options, CancellationToken cancellationToken)
    {
        var (badRows, training, held) = (new List<DataException>(), new List<long>(), new List<long>());
        var (labels, identifiers) = (new List<string?>(), new List<string>());
        var places = preprocessing.Columns.Select(column => source.Find(column.Name, "column")).ToArray();
        using var writer = SampleStore.CreateTemporary(read.StoreFolder, [.. preprocessing.SampleShape], ElementType.Float32);
        var (values, key) = (new float[preprocessing.SampleShape[0]], new StringBuilder());
        foreach (var row in source.Rows(Skipping(read, badRows)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Transform(source, row, preprocessing, places, values) is { } fault)
            {
                if (read.OnBadRow == BadRowPolicy.Fail)
                {
                    throw fault;
                }

                badRows.Add(fault);
                continue;
            }

            (HoldOut.IsValidation(roles.Key(row, key), options.Seed, options.Validation) ? held : training).Add(writer.Count);
            writer.Append(values);
            labels.Add(roles.Label is { } label ? row.Fields[label] : null);
            identifiers.Add(roles.Id is { } id ? row.Fields[id] ?? "" : "");
        }

        var store = writer.Count > 0 ? writer.Finish() : throw new DataException($"{source.Name}: holds no rows that can be read.");
        return new PreparedData
        {
            Samples = store,
            Preprocessing = preprocessing,
            Split = new SampleSplit([.. training], [.. held]),
            Labels = roles.Label is null ? null : LabelCodes.From(labels),
            Identifiers = roles.Id is null ? null : identifiers,
            Description = new DataDescription { Source = source.Name, Format = source.Format, Samples = store.Count, Hash = source.Hash(), Columns = described, Notes = Notes(badRows) },
        };
    }

    private static DataException? Transform(TableSource source, TableRow row, TablePreprocessing preprocessing, int[] places, float[] values)
    {
        Array.Clear(values);
        var start = 0;
        for (var column = 0; column < places.Length; column++)
        {
            var transform = preprocessing.Columns[column];
            var text = row.Fields[places[column]];
            if (!transform.Apply(text, source.Decimal, values.AsSpan(start, transform.Width)))
            {
                return new DataException($"{source.Name}: line {row.Line}, column {places[column] + 1} ('{transform.Name}'): expected {transform.Expected}, found '{text}'. Mend it, leave the column out with --ignore, or skip such rows with --on-bad-row skip.");
            }

            start += transform.Width;
        }

        return null;
    }

    private static Action<DataException>? Skipping(ReadOptions read, List<DataException>? list) =>
        read.OnBadRow == BadRowPolicy.Skip ? fault => list?.Add(fault) : null;

    private static string[] Notes(List<DataException> badRows) => badRows.Count == 0
        ? []
        : [$"Skipped {badRows.Count} malformed rows.", .. badRows.Take(ListedBadRows).Select(fault => $"Skipped: {fault.Message}")];

    /// <summary>Columns that are not model input.</summary>
    private sealed record Roles(int? Label, int? Id, HashSet<int> Ignored)
    {
        public static Roles Of(TableSource source, ReadOptions read) => new(
            (read.Label ?? source.DefaultLabel) is { } label ? source.Find(label, "--label") : null,
            read.Id is null ? null : source.Find(read.Id, "--id"),
            [.. read.Ignore.Select(name => source.Find(name, "--ignore"))]);

        public string? Treatment(int column) => column == Label ? "left out: label" : column == Id ? "left out: identifier" : Ignored.Contains(column) ? "left out: ignored" : null;

        /// <summary>What the split hashes: the texts of all columns that could be model input.</summary>
        public byte[] Key(TableRow row, StringBuilder room)
        {
            room.Clear();
            for (var column = 0; column < row.Fields.Length; column++)
            {
                if (Treatment(column) is null)
                {
                    room.Append(row.Fields[column]).Append('\u001f');
                }
            }

            return Encoding.UTF8.GetBytes(room.ToString());
        }
    }
}
