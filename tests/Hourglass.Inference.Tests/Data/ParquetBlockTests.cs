using System.Globalization;
using CsCheck;
using Hourglass.Bundles;
using Hourglass.Data;
using Hourglass.Data.Tabular;
using Hourglass.Preprocessing;
using Parquet;
using Parquet.Schema;

namespace Hourglass.Tests.Data;

/// <summary>A Parquet file read in blocks, on all processors, gives what the same rows give one by one.</summary>
public sealed class ParquetBlockTests : IDisposable
{
    private static readonly Gen<double?> Number = Gen.Frequency((20, Gen.Double[-1e6, 1e6].Select(value => (double?)value)), (2, Gen.Int[-3, 3].Select(value => (double?)value)), (1, Gen.Const((double?)null)), (1, Gen.Const((double?)double.NaN)), (1, Gen.Const((double?)-0.0)));

    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Samples_split_kinds_and_labels_are_those_of_the_rows() => Gen.Select(Number.Array[1, 200], Gen.Int[1, 60], Gen.Bool).Sample(
        (numbers, group, hasTexts) =>
        {
            var path = Write(numbers, group, hasTexts);
            var read = new ReadOptions { Label = "name", Ignore = ["single"] }; // its shortest text, which rows give, is another number in double precision, by less than single precision tells
            Assert.Equal(Told(new RowsAlone(ParquetSource.Open(path)), read), Told(ParquetSource.Open(path), read));
        },
        iter: 60, threads: 1);

    // Whose rows are hashed side by side and whose blocks are kept as they were decoded.
    [Fact]
    public void So_are_those_of_a_table_of_numbers_alone() => Gen.Select(Number.Array[1, 200], Gen.Int[1, 60]).Sample(
        (numbers, group) =>
        {
            var path = Path.Combine(_folder, $"{Guid.NewGuid():n}.parquet");
            WriteNumbersAsync(path, numbers, group).GetAwaiter().GetResult();
            var read = new ReadOptions { Ignore = ["left"] };
            Assert.Equal(Told(new RowsAlone(ParquetSource.Open(path)), read), Told(ParquetSource.Open(path), read));
        },
        iter: 60, threads: 1);

    // More training numbers than a column's sample holds: with some missing, they enter it as they pass by; else once all have passed.
    [Fact]
    public async Task So_are_those_of_a_table_whose_columns_are_fitted_on_samples()
    {
        var path = Path.Combine(_folder, "long.parquet");
        var random = new Random(5);
        await WriteNumbersAsync(path, [.. Enumerable.Range(0, SampleSchedule.Size * 2).Select(row => row % 900 == 0 ? (double?)null : random.NextDouble() * 1e5)], SampleSchedule.Size);
        var read = new ReadOptions { Ignore = ["left"] };
        Assert.Equal(Told(new RowsAlone(ParquetSource.Open(path)), read), Told(ParquetSource.Open(path), read));
    }

    [Fact]
    public void Fields_numbers_and_keys_of_a_block_agree()
    {
        using var source = ParquetSource.Open(Write([.. Enumerable.Range(0, 300).Select(row => row % 7 == 0 ? (double?)null : row / 3.0)], 100, hasTexts: true));
        using var blocks = source.OpenBlocks(Enumerable.Range(0, source.Columns.Count).ToHashSet())!;
        Assert.Equal(3, blocks.Count);
        var room = new byte[TableBlock.LongestNumber];
        for (var number = 0; number < blocks.Count; number++)
        {
            var block = blocks.Read(number)!;
            for (var column = 0; column < source.Columns.Count; column++)
            {
                var numbers = new double[block.Rows];
                var areNumbers = block.TryNumbers(column, numbers);
                for (var row = 0; row < block.Rows; row++)
                {
                    var text = block.Text(row, column);
                    Assert.Equal(text ?? "", System.Text.Encoding.UTF8.GetString(block.Field(row, column, room)));
                    Assert.Equal(source.Key(column, text), block.Key(row, column, room).ToArray());
                    if (areNumbers && text is not null)
                    {
                        Assert.True(source.Columns[column] is "single" ? (float)numbers[row] == float.Parse(text, CultureInfo.InvariantCulture) : numbers[row] == double.Parse(text, CultureInfo.InvariantCulture), $"{source.Columns[column]}: {text} became {numbers[row]:R}.");
                    }
                }
            }
        }
    }

    // Three blocks of 4,096 rows; one thread hands one room on. Only the first has missing values: what marks them must not be left for the others.
    [Fact]
    public void Streamed_samples_are_those_of_the_store_also_where_a_room_is_used_again()
    {
        var path = Write([.. Enumerable.Range(0, 12_000).Select(row => row < 3000 && row % 7 == 0 ? (double?)null : row * 0.37)], 12_000, hasTexts: true);
        var read = new ReadOptions { Ignore = ["name", "truth", "time", "decimal", "int", "single"] };
        using var fitted = DataFile.Prepare(path, read, new PreparationOptions { Validation = 0 });
        Assert.Contains(((TablePreprocessing)fitted.Preprocessing).Columns, column => column.HasMissingIndicator);
        using var stored = DataFile.Apply(path, read, fitted.Preprocessing);
        using var streamed = DataFile.Stream(path, read, fitted.Preprocessing, threads: 1)!;
        var expected = new float[stored.Samples.Count * stored.Samples.SampleLength];
        stored.Samples.Read(0, (int)stored.Samples.Count, expected);
        Assert.Equal(expected, streamed.Select(values => values.ToArray()).SelectMany(values => values));
    }

    private static string Told(TableSource source, ReadOptions read)
    {
        using (source)
        {
            try
            {
                using var data = TableData.Prepare(source, read, new PreparationOptions { Validation = 0.3 }, null, CancellationToken.None);
                return string.Join('\n', data.Samples.ContentHash, string.Join(' ', data.Split.Training), string.Join(' ', data.Split.Validation), string.Join(' ', data.Description.Columns), BundleJson.Serialize(data.Preprocessing), string.Join(' ', data.Labels?.Names ?? []), string.Join(' ', data.Labels?.Codes ?? []));
            }
            catch (DataException fault)
            {
                return fault.Message;
            }
        }
    }

    private string Write(double?[] numbers, int group, bool hasTexts)
    {
        var path = Path.Combine(_folder, $"{Guid.NewGuid():n}.parquet");
        WriteAsync(path, numbers, group, hasTexts).GetAwaiter().GetResult();
        return path;
    }

    private static async Task WriteAsync(string path, double?[] numbers, int group, bool hasTexts)
    {
        var fields = new DataField[] { new DataField<double?>("double"), new DataField<float?>("single"), new DataField<int>("int"), new DataField<long?>("long"), new DataField<decimal>("decimal"), new DataField<string>("name"), new DataField<bool?>("truth"), new DataField<DateTime>("time") };
        await using var stream = File.Create(path);
        await using var writer = await ParquetWriter.CreateAsync(new ParquetSchema(fields), stream);
        foreach (var part in numbers.Chunk(group))
        {
            using var rows = writer.CreateRowGroup();
            var whole = part.Select(value => value is { } number && double.IsFinite(number) ? (long)number : 7).ToArray();
            await rows.WriteAsync<double>(fields[0], part.AsMemory());
            await rows.WriteAsync<float>(fields[1], part.Select(value => (float?)value).ToArray().AsMemory());
            await rows.WriteAsync<int>(fields[2], whole.Select(value => (int)value).ToArray().AsMemory());
            await rows.WriteAsync<long>(fields[3], part.Select((value, row) => value is null ? (long?)null : (whole[row] * 1_000_000_007) + row).ToArray().AsMemory());
            await rows.WriteAsync<decimal>(fields[4], whole.Select(value => value / 100m).ToArray().AsMemory());
            await rows.WriteAsync(fields[5], whole.Select(value => hasTexts ? $"n{value % 3}" : $"{value % 3}").ToArray());
            await rows.WriteAsync<bool>(fields[6], part.Select(value => value is { } number ? (bool?)(number > 0) : null).ToArray().AsMemory());
            await rows.WriteAsync<DateTime>(fields[7], whole.Select(value => new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddMinutes(value)).ToArray().AsMemory());
        }
    }

    private static async Task WriteNumbersAsync(string path, double?[] numbers, int group)
    {
        var fields = new DataField[] { new DataField<double?>("double"), new DataField<long?>("long"), new DataField<int>("left"), new DataField<double>("code"), new DataField<float?>("flag"), new DataField<short>("short") };
        await using var stream = File.Create(path);
        await using var writer = await ParquetWriter.CreateAsync(new ParquetSchema(fields), stream);
        foreach (var part in numbers.Chunk(group))
        {
            using var rows = writer.CreateRowGroup();
            var whole = part.Select(value => value is { } number && double.IsFinite(number) ? (int)number : 7).ToArray();
            await rows.WriteAsync<double>(fields[0], part.AsMemory());
            await rows.WriteAsync<long>(fields[1], part.Select((value, row) => value is null ? (long?)null : (whole[row] * 1_000_000_007L) + row).ToArray().AsMemory());
            await rows.WriteAsync<int>(fields[2], whole.AsMemory());
            await rows.WriteAsync<double>(fields[3], whole.Select(value => (double)Math.Abs(value % 4)).ToArray().AsMemory());
            await rows.WriteAsync<float>(fields[4], part.Select((value, row) => value is null ? null : (float?)Math.Abs(whole[row] % 2)).ToArray().AsMemory());
            await rows.WriteAsync<short>(fields[5], whole.Select(value => (short)(value / 64)).ToArray().AsMemory());
        }
    }

    // The same table, for which no blocks are offered.
    private sealed class RowsAlone : TableSource
    {
        private readonly TableSource _table;

        [System.Diagnostics.CodeAnalysis.SetsRequiredMembers]
        public RowsAlone(TableSource table) => (_table, Name, Format, Columns) = (table, table.Name, table.Format, table.Columns);

        public override IEnumerable<TableRow> Rows(Action<DataException>? badRows) => _table.Rows(badRows);

        public override byte[] Key(int column, string? text) => _table.Key(column, text);

        public override void Dispose()
        {
            _table.Dispose();
            base.Dispose();
        }
    }
}
