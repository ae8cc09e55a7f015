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
        var learnt = options.ByTime ? null : TableLearning.ByBlocks(source, roles, columns, schedule, options, progress, cancellationToken);
        if (learnt is null)
        {
            (columns, _) = NewColumns();
            TableLearning.ByRows(source, roles, columns, read, options, progress, cancellationToken);
        }

        if (columns[0].Count == 0)
        {
            throw new DataException($"{source.Name}: holds no rows.");
        }

        progress?.Report(0.5);
        var (preprocessing, described) = Fit(source, roles, columns, options);
        return new TableIngest(source, read, roles.WithClock(source, preprocessing), preprocessing, options, hash, learnt).Run(described, progress, 0.5, cancellationToken);

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
        var missing = preprocessing.Columns.Select(column => column.Name).Where(name => !source.Columns.Contains(name, StringComparer.OrdinalIgnoreCase)).ToList();
        if (missing.Count > 0)
        {
            throw new DataException($"{source.Name}: lacks {missing.Count} of the {preprocessing.Columns.Count} columns that the model needs: {string.Join(", ", missing)}. It has: {string.Join(", ", source.Columns.Take(40))}.");
        }

        var label = read.Label is null || source.Columns.Contains(read.Label, StringComparer.OrdinalIgnoreCase) || int.TryParse(read.Label, CultureInfo.InvariantCulture, out _) ? read.Label : null;
        var roles = TableRoles.Of(source, read with { Label = label, Ignore = [] });
        return new TableIngest(source, read, roles.WithClock(source, preprocessing), preprocessing, new PreparationOptions { Validation = 0 }, Task.Run(source.Hash, cancellationToken)).Run([], progress, 0, cancellationToken);
    }

    private static (TablePreprocessing, ColumnDescription[]) Fit(TableSource source, TableRoles roles, ColumnStatistics[] columns, PreparationOptions options)
    {
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

            described[index] = new ColumnDescription(column.Name, words, column.Missing, column.Distinct.Count, treatment);
        });

        ColumnTransform[] transforms = [.. fitted.OfType<ColumnTransform>()];
        return transforms.Length > 0
            ? (new TablePreprocessing { Columns = transforms }, described)
            : throw new DataException($"{source.Name}: no column is left for the model: {string.Join("; ", described.Take(10).Select(column => $"{column.Name}: {column.Treatment}"))}.");
    }
}
