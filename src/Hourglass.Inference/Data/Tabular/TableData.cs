using System.Globalization;
using Hourglass.Preprocessing;

namespace Hourglass.Data.Tabular;

/// <summary>From a table to a sample store: one pass to learn, one to apply.</summary>
internal static class TableData
{
    /// <summary>Infers kinds, splits, fits on the training part, applies.</summary>
    public static PreparedData Prepare(TableSource source, ReadOptions read, PreparationOptions options, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var roles = TableRoles.Of(source, read);
        var hash = Task.Run(source.Hash, cancellationToken);
        var (columns, schedule) = NewColumns();
        var learnt = LearnByBlocks();
        if (learnt is null || Array.Exists(columns, column => column.NeedsTexts))
        {
            learnt = null;
            (columns, _) = NewColumns();
            TableLearning.ByRows(source, roles, columns, read, options, progress, cancellationToken);
        }

        progress?.Report(0.5);
        var (preprocessing, described) = Fit(source, roles, columns, options);
        return new TableIngest(source, read, roles.WithClock(source, preprocessing), preprocessing, options, hash, learnt).Run(described, progress, 0.5, cancellationToken);

        LearntBlocks? LearnByBlocks()
        {
            using var counted = options.ByTime ? source.OpenBlocks(new HashSet<int>()) : null;
            var rows = counted is null ? 0 : TableLearning.Count(counted);
            using var blocks = rows is null ? null : source.OpenBlocks(AllOf(source));
            return blocks is null ? null : TableLearning.ByBlocks(blocks, roles, columns, schedule, options, new RowPlaces(0, rows!.Value), sharers: 1, progress, cancellationToken);
        }

        (ColumnStatistics[] Columns, SampleSchedule Schedule) NewColumns()
        {
            var shared = new SampleSchedule(options.Seed);
            return ([.. source.Columns.Select(name => new ColumnStatistics(name, source.Decimal, shared))], shared);
        }
    }

    /// <summary>Applies what was fitted before.</summary>
    public static PreparedData Apply(TableSource source, ReadOptions read, TablePreprocessing preprocessing, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        progress?.Report(0);
        var roles = RolesFor(source, read, preprocessing);
        return new TableIngest(source, read, roles, InputsFor(source, roles, preprocessing), new PreparationOptions { Validation = 0 }, Task.Run(source.Hash, cancellationToken)).Run([], progress, 0, cancellationToken);
    }

    /// <summary>Columns that are not model input, where preprocessing was fitted before.</summary>
    /// <exception cref="DataException">The source lacks columns.</exception>
    public static TableRoles RolesFor(TableSource source, ReadOptions read, TablePreprocessing preprocessing)
    {
        var missing = preprocessing.Columns.Select(column => column.Name).Where(name => !source.Columns.Contains(name, StringComparer.OrdinalIgnoreCase)).ToList();
        if (missing.Count > 0)
        {
            throw new DataException($"{source.Name}: lacks {missing.Count} of the {preprocessing.Columns.Count} columns that the model needs: {string.Join(", ", missing)}. It has: {string.Join(", ", source.Columns.Take(40))}.");
        }

        var label = read.Label is null || source.Columns.Contains(read.Label, StringComparer.OrdinalIgnoreCase) || int.TryParse(read.Label, CultureInfo.InvariantCulture, out _) ? read.Label : null;
        return TableRoles.Of(source, read with { Label = label, Ignore = [] }).WithClock(source, preprocessing);
    }

    /// <summary>The preprocessing without what it would say about the label's column.</summary>
    public static TablePreprocessing InputsFor(TableSource source, TableRoles roles, TablePreprocessing preprocessing) => roles.Label is { } label ? preprocessing.WithoutNewsOf(source.Columns[label]) : preprocessing;

    /// <summary>Numbers of all columns.</summary>
    public static IReadOnlySet<int> AllOf(TableSource source) => Enumerable.Range(0, source.Columns.Count).ToHashSet();

    /// <summary>From what was learnt to transforms, and to what is told about the columns.</summary>
    public static (TablePreprocessing Preprocessing, ColumnDescription[] Described) Fit(TableSource source, TableRoles roles, ColumnStatistics[] columns, PreparationOptions options)
    {
        if (columns[0].Count == 0)
        {
            throw new DataException($"{source.Name}: holds no rows.");
        }

        var (fitted, described) = (new ColumnTransform?[columns.Length], new ColumnDescription[columns.Length]);
        Parallel.For(0, columns.Length, index =>
        {
            var column = columns[index];
            var kind = ColumnKinds.Infer(column);
            var (words, treatment) = (kind == ColumnKind.DateTime ? "date-time" : kind.ToString().ToLowerInvariant(), roles.Treatment(index));
            if (treatment is null)
            {
                (fitted[index], treatment) = ColumnFit.Fit(column, kind, options);
            }
            else
            {
                words = index == roles.Label ? "label" : index == roles.Id ? "identifier" : "ignored";
            }

            described[index] = new ColumnDescription(column.Name, words, column.Missing, column.DistinctCount, treatment);
        });

        ColumnTransform[] transforms = [.. fitted.OfType<ColumnTransform>()];
        return transforms.Length > 0
            ? (new TablePreprocessing { Columns = transforms }, described)
            : throw new DataException($"{source.Name}: no column is left for the model: {string.Join("; ", described.Take(10).Select(column => $"{column.Name}: {column.Treatment}"))}.");
    }
}
