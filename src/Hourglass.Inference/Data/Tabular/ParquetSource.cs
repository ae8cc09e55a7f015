using Parquet;
using Parquet.Schema;

namespace Hourglass.Data.Tabular;

/// <summary>Parquet files with flat columns, read a row group at a time.</summary>
internal sealed class ParquetSource : TableSource
{
    private readonly DataField[] _fields;

    private ParquetSource(DataField[] fields) => _fields = fields;

    /// <summary>Opens a file and reads its schema.</summary>
    public static ParquetSource Open(string path)
    {
        try
        {
            var schema = ParquetReader.ReadSchemaAsync(path).GetAwaiter().GetResult();
            var fields = schema.DataFields;
            return fields.FirstOrDefault(field => field.IsArray || field.Path.Length > 1) is { } nested
                ? throw new DataException($"{path}: column '{nested.Path}' is nested; flat columns of numbers, texts, Booleans and dates are read. Leave it out when writing the file.")
                : new ParquetSource(fields) { Name = path, Format = "parquet", Columns = [.. fields.Select(field => field.Name)] };
        }
        catch (Exception fault) when (fault is not HourglassException)
        {
            throw new DataException($"{path}: not a Parquet file that can be read: {fault.Message.ReplaceLineEndings(" ")}", fault);
        }
    }

    public override IEnumerable<TableRow> Rows(Action<DataException>? badRows)
    {
        using var blocks = new ParquetBlocks(Name, _fields, Enumerable.Range(0, _fields.Length).ToHashSet()) { Helpers = Environment.ProcessorCount - 1 };
        var line = 0L;
        var row = new string?[_fields.Length];
        for (var number = 0; number < blocks.Count; number++)
        {
            var block = blocks.Read(number);
            Share = (number + 1.0) / blocks.Count;
            for (var index = 0; index < block.Rows; index++)
            {
                for (var column = 0; column < row.Length; column++)
                {
                    row[column] = block.Text(index, column);
                }

                yield return new TableRow(++line, row);
            }
        }
    }

    /// <inheritdoc/>
    public override byte[] Key(int column, string? text) => ParquetColumn.Key(_fields[column], text);

    /// <summary>Whether a column is stored as numbers.</summary>
    public bool HasNumbers(int column) => ParquetColumn.IsNumber(_fields[column]);

    /// <inheritdoc/>
    public override TableBlocks? OpenBlocks(IReadOnlySet<int> wanted) => new ParquetBlocks(Name, _fields, wanted);
}
