using System.Globalization;
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
        var reader = Wait(() => ParquetReader.CreateAsync(Name));
        try
        {
            var line = 0L;
            var row = new string?[_fields.Length];
            for (var group = 0; group < reader.RowGroupCount; group++)
            {
                using var rows = reader.OpenRowGroupReader(group);
                if (rows.RowCount > int.MaxValue / 8)
                {
                    throw new DataException($"{Name}: a row group of {rows.RowCount} rows; write the file with smaller row groups.");
                }

                var columns = _fields.Select(field => ReadColumn(rows, field)).ToArray();
                for (var index = 0; index < (int)rows.RowCount; index++)
                {
                    for (var column = 0; column < row.Length; column++)
                    {
                        row[column] = columns[column](index);
                    }

                    yield return new TableRow(++line, row);
                }
            }
        }
        finally
        {
            reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    private T Wait<T>(Func<Task<T>> task)
    {
        try
        {
            return task().GetAwaiter().GetResult();
        }
        catch (Exception fault) when (fault is not HourglassException)
        {
            throw new DataException($"{Name}: cannot be read: {fault.Message.ReplaceLineEndings(" ")}", fault);
        }
    }

    private Func<int, string?> ReadColumn(ParquetRowGroupReader rows, DataField field)
    {
        var type = field.ClrType;
        return type == typeof(string) || type == typeof(ReadOnlyMemory<char>) ? ReadTexts(rows, field)
            : type == typeof(double) ? Read<double>(rows, field, value => double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : null)
            : type == typeof(float) ? Read<float>(rows, field, value => float.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : null)
            : type == typeof(bool) ? Read<bool>(rows, field, value => value ? "true" : "false")
            : type == typeof(DateTime) ? Read<DateTime>(rows, field, value => value.ToString("yyyy-MM-dd HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture))
            : type == typeof(int) ? Read<int>(rows, field, Text)
            : type == typeof(long) ? Read<long>(rows, field, Text)
            : type == typeof(short) ? Read<short>(rows, field, Text)
            : type == typeof(byte) ? Read<byte>(rows, field, Text)
            : type == typeof(sbyte) ? Read<sbyte>(rows, field, Text)
            : type == typeof(ushort) ? Read<ushort>(rows, field, Text)
            : type == typeof(uint) ? Read<uint>(rows, field, Text)
            : type == typeof(ulong) ? Read<ulong>(rows, field, Text)
            : type == typeof(decimal) ? Read<decimal>(rows, field, Text)
            : throw new DataException($"{Name}: column '{field.Name}' holds {type.Name}; numbers, texts, Booleans and dates are read. Leave it out with --ignore, or convert it.");

        static string Text<T>(T value)
            where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);
    }

    private Func<int, string?> ReadTexts(ParquetRowGroupReader rows, DataField field)
    {
        var values = new string?[rows.RowCount];
        Wait(async () =>
        {
            await rows.ReadAsync(field, values.AsMemory());
            return 0;
        });
        return index => string.IsNullOrEmpty(values[index]) ? null : values[index];
    }

    private Func<int, string?> Read<T>(ParquetRowGroupReader rows, DataField field, Func<T, string?> write)
        where T : struct
    {
        var count = (int)rows.RowCount;
        if (field.IsNullable)
        {
            var values = new T?[count];
            Wait(async () =>
            {
                await rows.ReadAsync<T>(field, values.AsMemory());
                return 0;
            });
            return index => values[index] is { } value ? write(value) : null;
        }

        var plain = new T[count];
        Wait(async () =>
        {
            await rows.ReadAsync<T>(field, plain.AsMemory());
            return 0;
        });
        return index => write(plain[index]);
    }
}
