using System.Text;

namespace Hourglass.Data.Tabular;

/// <summary>Rows of named columns, as text, streamed; may be read several times.</summary>
internal abstract class TableSource : IDisposable
{
    /// <summary>Path or built-in name.</summary>
    public required string Name { get; init; }

    /// <summary>"csv", "parquet", "telemetry".</summary>
    public required string Format { get; init; }

    /// <summary>Names of the columns, distinct.</summary>
    public required IReadOnlyList<string> Columns { get; init; }

    /// <summary>The character before decimals.</summary>
    public char Decimal { get; init; } = '.';

    /// <summary>Column that is a label unless the user says otherwise.</summary>
    public string? DefaultLabel { get; init; }

    /// <summary>Share of the source that the running pass over its rows has read; 0 where it is not known.</summary>
    protected double Share { get; set; }

    /// <summary>Streams the rows; the array is reused between rows.</summary>
    /// <param name="badRows">Told of each malformed row instead of an exception; null to throw.</param>
    public abstract IEnumerable<TableRow> Rows(Action<DataException>? badRows);

    /// <summary>Streams the rows and tells how far it is.</summary>
    /// <param name="badRows">Told of each malformed row instead of an exception; null to throw.</param>
    /// <param name="progress">Told the share done.</param>
    /// <param name="first">The share at the start.</param>
    /// <param name="last">The share at the end.</param>
    public IEnumerable<TableRow> Rows(Action<DataException>? badRows, IProgress<double>? progress, double first, double last)
    {
        var number = 0L;
        foreach (var row in Rows(badRows))
        {
            yield return row;
            if (++number % 1024 == 0)
            {
                progress?.Report(first + ((last - first) * Share));
            }
        }
    }

    /// <summary>The rows in blocks, for tables that can be read so; null for others.</summary>
    /// <param name="wanted">Columns that will be asked for.</param>
    public virtual TableBlocks? OpenBlocks(IReadOnlySet<int> wanted) => null;

    /// <summary>What the split hashes of a field, as <see cref="TableBlock.Key"/> gives it.</summary>
    /// <param name="column">Its column.</param>
    /// <param name="text">Its text.</param>
    public virtual byte[] Key(int column, string? text) => Encoding.UTF8.GetBytes(text ?? "");

    /// <summary>SHA-256 of the source.</summary>
    public virtual string Hash() => FileHash.Of(Name);

    /// <inheritdoc/>
    public virtual void Dispose()
    {
    }

    /// <summary>Finds a column by name, or by its number counted from 1 ("15", "column 15").</summary>
    /// <exception cref="DataException">There is none; the message lists the columns.</exception>
    public int Find(string wanted, string option)
    {
        for (var column = 0; column < Columns.Count; column++)
        {
            if (string.Equals(Columns[column], wanted, StringComparison.OrdinalIgnoreCase))
            {
                return column;
            }
        }

        return int.TryParse(wanted, System.Globalization.CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= Columns.Count
            ? number - 1
            : throw new DataException($"{Name}: {option} '{wanted}' is no column. Columns: {string.Join(", ", Columns.Take(40))}{(Columns.Count > 40 ? ", ..." : "")}; a number from 1 to {Columns.Count} works as well.");
    }
}

/// <summary>One row.</summary>
/// <param name="Line">Line in the file, or row number, counted from 1.</param>
/// <param name="Fields">Trimmed texts, as many as columns; null where nothing stands.</param>
internal readonly record struct TableRow(long Line, string?[] Fields);
