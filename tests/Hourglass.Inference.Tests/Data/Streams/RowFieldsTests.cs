using System.Text;
using CsCheck;
using Hourglass.Data;
using Hourglass.Data.Streams;
using Hourglass.Preprocessing;

namespace Hourglass.Inference.Tests.Data.Streams;

/// <summary>Single lines become what files of such lines become.</summary>
public sealed class RowFieldsTests : IDisposable
{
    private static readonly TablePreprocessing Preprocessing = new()
    {
        Columns =
        [
            new NumericTransform { Name = "height", Scaling = Scaling.Standard, Scale = 2, Imputed = 1, HasMissingIndicator = true },
            new CategoryTransform { Name = "colour", Categories = ["red", "blue, dark", "say \"so\""] },
            new BooleanTransform { Name = "member", False = "no", True = "yes" },
        ],
    };

    private static readonly string[] Colours = ["red", "\"blue, dark\"", "\"say \"\"so\"\"\"", "green", "", "NA"];
    private static readonly string[] Members = ["yes", "no", " YES ", "?"];

    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static CsvFields Csv(string header, string? identifier = null, char? delimiter = null)
    {
        var fields = new CsvFields(Preprocessing, '.', delimiter, null, identifier);
        Assert.True(fields.TakeHeader(Encoding.UTF8.GetBytes(header)));
        return fields;
    }

    private static (float[] Values, string? Fault) Read(RowFields fields, string line)
    {
        var values = new float[fields.Width];
        return (values, fields.Read(Encoding.UTF8.GetBytes(line), values));
    }

    [Fact]
    public void Lines_of_CSV_become_the_values_that_a_file_of_them_becomes() =>
        Gen.Select(Gen.Double[-100, 100], Gen.Int[0, 5].Select(place => Colours[place]), Gen.Int[0, 3].Select(place => Members[place]), Gen.Bool).Sample((height, colour, member, isMissing) =>
        {
            var line = FormattableString.Invariant($"x,{member}, {(isMissing ? "NA" : height)} ,{colour}");
            var (values, fault) = Read(Csv("other,Member,height,colour"), line);
            Assert.Null(fault);
            var path = Path.Combine(_folder, $"{Guid.NewGuid():n}.csv");
            File.WriteAllText(path, $"other,Member,height,colour\n{line}\n");
            using var data = DataFile.Apply(path, new ReadOptions { Header = true, Delimiter = ',' }, Preprocessing);
            var expected = new float[values.Length];
            data.Samples.Read(0, 1, expected);
            Assert.Equal(expected, values);
        }, iter: 200, threads: 1);

    [Theory]
    [InlineData("1,red,yes,4", "more fields than the 3 of the header (first extra: '4').")]
    [InlineData("1,red", "2 fields, expected 3.")]
    [InlineData("tall,red,yes", "column 'height': expected a number, found 'tall'.")]
    [InlineData("1,red,maybe", "column 'member': expected 'no' or 'yes', found 'maybe'.")]
    [InlineData("1,\"red,yes", "field 2: the quote does not end. A quoted field must end on its line, with \"\" for a quote inside.")]
    public void A_bad_line_of_CSV_is_told_with_its_reason(string line, string fault) => Assert.Equal(fault, Read(Csv("height,colour,member"), line).Fault);

    [Fact]
    public void Delimiters_are_found_in_the_header_and_names_of_rows_kept()
    {
        var fields = Csv("name;height;colour;member", "name");
        Assert.Null(Read(fields, "Zoë;4;red;no").Fault);
        Assert.Equal("Zoë", fields.Identifier.ToString());
    }

    [Fact]
    public void A_header_without_a_needed_column_is_refused_with_the_names() =>
        Assert.Contains("lacks 1 of the 3 columns that the model needs: member", Assert.Throws<DataException>(() => Csv("height,colour")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_rotated_file_may_repeat_the_header_change_it_or_go_on_without()
    {
        var fields = Csv("height,colour,member");
        Assert.True(fields.TakeHeader("height,colour,member"u8));
        Assert.False(fields.TakeHeader("4,red,no"u8));
        Assert.True(fields.TakeHeader("member,colour,height"u8));
        Assert.Equal(Read(Csv("height,colour,member"), "4,red,no").Values, Read(fields, "no,red,4").Values);
    }

    [Fact]
    public void JSON_lines_become_the_same_values_in_any_order()
    {
        var expected = Read(Csv("height,colour,member"), "-1.5e1,\"say \"\"so\"\"\",yes").Values;
        var fields = new JsonFields(Preprocessing, "id");
        var (values, fault) = Read(fields, """{"extra": {"a": [1]}, "member": "yes", "id": 17, "colour": "say \"so\"", "height": -15}""");
        Assert.Null(fault);
        Assert.Equal(expected, values);
        Assert.Equal("17", fields.Identifier.ToString());
        Assert.Equal(Read(Csv("height,colour,member"), "NA,red,no").Values, Read(fields, """{"colour": "red", "member": "no", "height": null}""").Values);
        Assert.Equal(values, Read(fields, "\ufeff{\"height\": \"-15\", \"colour\": \"say \\\"so\\\"\", \"member\": \"yes\"}").Values);
    }

    [Theory]
    [InlineData("[1]", "expected an object")]
    [InlineData("{\"height\": 1", "no JSON:")]
    [InlineData("{\"height\": [1]}", "column 'height': expected a value, found an object or array.")]
    [InlineData("{\"width\": 1}", "has none of the columns")]
    [InlineData("{\"height\": 1, \"height\": 2}", "'height' stands there twice.")]
    [InlineData("{\"height\": 1} x", "no JSON:")]
    [InlineData("{\"height\": true}", "column 'height': expected a number, found 'true'.")]
    public void A_bad_line_of_JSON_is_told_with_its_reason(string line, string fault) => Assert.StartsWith(fault, Read(new JsonFields(Preprocessing, null), line).Fault, StringComparison.Ordinal);

    [Fact]
    public void Any_bytes_are_values_or_a_fault() =>
        Gen.Byte.Array[0, 60].Sample(bytes =>
        {
            var values = new float[Preprocessing.SampleShape[0]];
            Csv("height,colour,member").Read(bytes, values);
            new JsonFields(Preprocessing, null).Read(bytes, values);
        }, iter: 2000);

    [Fact]
    public void Lines_leave_no_garbage()
    {
        var (csv, json) = (Csv("height,colour,member"), new JsonFields(Preprocessing, "id"));
        var (line, record) = ("12.5,\"blue, dark\",yes"u8.ToArray(), """{"id": "a", "height": 12.5, "colour": "red", "member": "no"}"""u8.ToArray());
        var values = new float[csv.Width];
        csv.Read(line, values);
        json.Read(record, values);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 1000; round++)
        {
            csv.Read(line, values);
            json.Read(record, values);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000); // one object a round would be 24,000 bytes; the runtime may take some of its own once
    }
}
