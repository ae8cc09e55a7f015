using Hourglass.Data;
using Hourglass.Preprocessing;

namespace Hourglass.Inference.Tests.Data;

public sealed class CsvTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Write(string text, string name = "data.csv")
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    private static PreparedData Prepare(string path, ReadOptions? read = null, double validation = 0) =>
        DataFile.Prepare(path, read ?? new ReadOptions(), new PreparationOptions { Validation = validation });

    private static string Mixed(int rows)
    {
        var random = new Random(1);
        var lines = Enumerable.Range(0, rows).Select(row => string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"{row + 100000},{random.NextDouble():0.000},{(row % 3 == 0 ? "red" : row % 3 == 1 ? "\"blue, dark\"" : "?")},{(row % 2 == 0 ? "yes" : "no")},2026-01-{(row % 28) + 1:00},7"));
        return "id,height,colour,member,day,constant\n" + string.Join('\n', lines) + "\n";
    }

    [Fact]
    public void Kinds_of_columns_are_inferred()
    {
        using var data = Prepare(Write(Mixed(60)));
        Assert.Equal(["identifier", "numeric", "categorical", "boolean", "date-time", "constant"], data.Description.Columns.Select(column => column.Kind));
        Assert.Equal(20, data.Description.Columns[2].Missing);
    }

    [Fact]
    public void What_is_applied_can_be_inverted_to_the_users_own_units()
    {
        var path = Write(Mixed(60));
        using var data = Prepare(path);
        var (values, cells) = (new float[data.Samples.SampleLength], new Cell[data.Preprocessing.OutputColumns.Count]);
        data.Samples.Read(4, 1, values);
        data.Preprocessing.Invert(values, cells);
        var fields = File.ReadAllLines(path)[5].Split(',');
        Assert.Equal(double.Parse(fields[1], System.Globalization.CultureInfo.InvariantCulture), cells[0].Number, 1e-5);
        Assert.Equal("blue, dark", cells[1].Text);
        Assert.Equal("yes", cells[2].Text);
        Assert.StartsWith("2026-01-05", cells[3].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_value_stays_missing_and_an_unseen_category_has_its_own_place()
    {
        using var data = Prepare(Write(Mixed(60)));
        using var other = DataFile.Apply(Write("id,height,colour,member,day\n1,NA,green,no,2026-01-03\n", "new.csv"), new ReadOptions(), data.Preprocessing);
        var (values, cells) = (new float[other.Samples.SampleLength], new Cell[4]);
        other.Samples.Read(0, 1, values);
        data.Preprocessing.Invert(values, cells);
        Assert.Equal("(other)", cells[1].Text);
        Assert.Equal("no", cells[2].Text);
    }

    [Theory]
    [InlineData("a;b\n1,5;2\n2,5;3\n4,25;1\n", 2)]
    [InlineData("a\tb\n1.5\t2\n2.5\t3\n4.25\t1\n", 2)]
    [InlineData("1.5,2\n2.5,3\n4.25,1\n", 2)]
    public void Delimiter_header_and_decimal_mark_are_inferred(string text, int columns)
    {
        using var data = Prepare(Write(text), new ReadOptions());
        Assert.Equal(3, data.Samples.Count);
        Assert.Equal(columns, data.Description.Columns.Count);
        Assert.Equal("numeric", data.Description.Columns[0].Kind);
    }

    [Fact]
    public void A_short_row_is_named_with_line_and_column_and_can_be_skipped()
    {
        var path = Write("a,b\n1.5,2\n3\n4.5,5\n");
        var fault = Assert.Throws<DataException>(() => Prepare(path));
        Assert.Contains("line 3", fault.Message, StringComparison.Ordinal);
        Assert.Contains("column 2", fault.Message, StringComparison.Ordinal);
        using var data = Prepare(path, new ReadOptions { OnBadRow = BadRowPolicy.Skip });
        Assert.Equal(2, data.Samples.Count);
        Assert.Contains("Skipped 1 malformed rows.", data.Description.Notes);
    }

    [Fact]
    public void Missing_columns_at_scoring_are_named_all_at_once()
    {
        using var data = Prepare(Write(Mixed(60)));
        var fault = Assert.Throws<DataException>(() => DataFile.Apply(Write("height\n1\n", "new.csv"), new ReadOptions(), data.Preprocessing));
        Assert.Contains("colour, member, day", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_label_never_reaches_the_model()
    {
        using var data = Prepare(Write(Mixed(60)), new ReadOptions { Label = "colour", Ignore = ["day"] });
        Assert.Equal(["height", "member"], data.Preprocessing.OutputColumns.Select(column => column.Name));
        Assert.Equal(["red", "blue, dark", "?"], data.Labels!.Names);
    }

    [Fact]
    public void A_row_stays_on_its_side_of_the_split_when_the_file_grows()
    {
        using var small = Prepare(Write(Mixed(100)), validation: 0.3);
        using var large = Prepare(Write(Mixed(300), "large.csv"), validation: 0.3);
        Assert.Equal(small.Split.Validation, large.Split.Validation.Where(sample => sample < 100));
        Assert.InRange(large.Split.Validation.Length, 60, 120);
    }

    [Fact]
    public void A_round_trip_through_Parquet_reads_the_same_table()
    {
        var path = Path.Combine(_folder, "data.parquet");
        Hourglass.Data.Output.ResultWriter.Write(path, new Hourglass.Data.Output.ResultTable
        {
            Columns = ["a", "b"],
            IsText = [false, true],
            Rows = Enumerable.Range(0, 50).Select(row => new[] { new Cell(row % 7 == 0 ? double.NaN : row + 0.5, null), new Cell(double.NaN, row % 2 == 0 ? "x" : "y") }),
        });
        using var data = Prepare(path);
        Assert.Equal(50, data.Samples.Count);
        Assert.Equal(["numeric", "categorical"], data.Description.Columns.Select(column => column.Kind));
        Assert.Equal(8, data.Description.Columns[0].Missing);
    }

    [Fact]
    public void Five_hundred_mutated_files_give_a_named_error_or_a_correct_read()
    {
        var original = System.Text.Encoding.UTF8.GetBytes(Mixed(40));
        var random = new Random(7);
        for (var round = 0; round < 500; round++)
        {
            Mutation.Check(_folder, "mutant.csv", original, random, path => Prepare(path, new ReadOptions { OnBadRow = round % 2 == 0 ? BadRowPolicy.Fail : BadRowPolicy.Skip }).Dispose());
        }
    }
}
