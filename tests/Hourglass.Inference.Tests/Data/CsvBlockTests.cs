using System.IO.Compression;
using CsCheck;
using Hourglass.Data;
using Hourglass.Data.Tabular;

namespace Hourglass.Tests.Data;

/// <summary>The quick way through a CSV file gives what the general one gives, which reads the same bytes compressed.</summary>
public sealed class CsvBlockTests : IDisposable
{
    private static readonly Gen<string> Number = Gen.OneOf(
        Gen.Double[-1e6, 1e6].Select(value => value.ToString("0.###", System.Globalization.CultureInfo.InvariantCulture)), Gen.Double.Select(value => value.ToString("R", System.Globalization.CultureInfo.InvariantCulture)),
        Gen.Int[-99, 99].Select(value => $"{value}"), One("1e-05", "-2.5E+3", "1.7976931348623157e308", "123456789012345678901234567890", "+4", ".5", "7.", "-0", "1e-400", "0.1e23"));

    private static readonly Gen<string> Field = Gen.Frequency((20, Number), (1, One("", "NA", " 5", "6 ", "  ", "nan", "-")), (1, One("word", "\"7\"", "1,2", "\u00e9", "1\r2", "1e999")));

    private static readonly Gen<string> Text =
        from columns in Gen.Int[1, 5]
        from rows in Gen.Frequency((3, Number), (1, Field)).Array[columns].Array[1, 60]
        from ends in One("\n", "\r\n")
        from last in One("", ends, ends + ends)
        from mark in One("", "", "", "\uFEFF")
        select mark + string.Join(ends, rows.Select(row => string.Join(',', row)).Prepend(string.Join(',', Enumerable.Range(0, columns).Select(column => $"c{column}")))) + last;

    private static Gen<string> One(params string[] words) => Gen.Int[0, words.Length - 1].Select(place => words[place]);

    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Write(string text, bool isCompressed)
    {
        var path = Path.Combine(_folder, $"{Guid.NewGuid():n}.csv{(isCompressed ? ".gz" : "")}");
        using var file = File.Create(path);
        using Stream stream = isCompressed ? new GZipStream(file, CompressionLevel.Fastest) : file;
        stream.Write(System.Text.Encoding.UTF8.GetBytes(text));
        return path;
    }

    // All that is known of a file once it is read, or the fault, without the file's name.
    private string Told(string text, bool isCompressed, ReadOptions read, bool byPlace = false)
    {
        var path = Write(text, isCompressed);
        try
        {
            using var data = DataFile.Prepare(path, read, new PreparationOptions { Validation = 0.3, ByPlace = byPlace });
            var description = data.Description;
            return string.Join('\n', data.Samples.ContentHash, string.Join(' ', data.Split.Training), string.Join(' ', data.Split.Validation), string.Join(' ', description.Columns), string.Join(' ', description.Notes), string.Join(' ', data.Labels?.Names ?? []), string.Join(' ', data.Labels?.Codes ?? []), string.Join('|', data.Identifiers ?? []))
                .Replace(path, "FILE", StringComparison.Ordinal);
        }
        catch (DataException fault)
        {
            return fault.Message.Replace(path, "FILE", StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Any_text_becomes_what_the_general_reader_makes_of_it() => Text.Sample(
        text =>
        {
            foreach (var read in new[] { new ReadOptions(), new ReadOptions { OnBadRow = BadRowPolicy.Skip }, new ReadOptions { Label = "1", Header = true } })
            {
                Assert.Equal(Told(text, true, read), Told(text, false, read));
                Assert.Equal(Told(text, true, read, byPlace: true), Told(text, false, read, byPlace: true));
            }
        },
        iter: 100, threads: 1);

    [Fact]
    public void Lines_of_any_length_that_end_in_any_way_do_too() => Gen.Frequency((6, One("1,2", "3.5,-4", ",", "7,", ",8")), (1, One("", "5", "1,2,3", "\r", "6, 7")), (20, One("0.25,12345"))).SelectMany(line => One("\n", "\n", "\n", "\n", "\r\n", "").Select(end => line + end)).Array[0, 40].Sample(
        lines =>
        {
            var text = "c0,c1\n" + string.Concat(lines);
            foreach (var uniform in new[] { text, text.Replace("\r\n", "\n", StringComparison.Ordinal), text.Replace("\r", "", StringComparison.Ordinal).Replace("\n", "\r\n", StringComparison.Ordinal) })
            {
                Assert.Equal(Told(uniform, true, new ReadOptions()), Told(uniform, false, new ReadOptions()));
            }
        },
        iter: 100, threads: 1);

    // As many fields as two records have, and lines that end within records.
    [Theory]
    [InlineData("1,2\n3,4\n5\n6\n")]
    [InlineData("1,2\n3,4\n5\n6\n7,8\n")]
    [InlineData("1,2\n3,4\n5,6,7,8\n")]
    [InlineData("1,2\n3,4,5\n6\n")]
    [InlineData("1,2\r\n3,4\n5,6\r\n")]
    [InlineData("1,2\n3,4\n5,6\r")]
    [InlineData("1,2\n3,4\n5,\n,\n")]
    [InlineData("1,2\n3,4\n5,")]
    public void Records_and_lines_that_do_not_agree_are_found(string lines) =>
        Assert.Equal(Told("c0,c1\n" + lines, true, new ReadOptions()), Told("c0,c1\n" + lines, false, new ReadOptions()));

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public void Files_of_many_blocks_are_cut_at_line_ends(string lineEnd)
    {
        var random = new Random(2);
        var text = "a,b,label\n" + string.Concat(Enumerable.Range(0, 150_000).Select(row => FormattableString.Invariant($"{random.NextDouble() * 1000:0.0000},{(row % 50 == 0 ? "" : row)},{row % 3}{lineEnd}")));
        Assert.True(text.Length > 2 << 20);
        var read = new ReadOptions { Label = "label" };
        Assert.Equal(Told(text, true, read), Told(text, false, read));
        Assert.Equal(Told(text, true, read, byPlace: true), Told(text, false, read, byPlace: true));
    }

    // Blocks are of 256 kB, and read a little further at first; a line may be of a megabyte.
    [Theory]
    [InlineData(3_000, true)]
    [InlineData(5_000, true)]
    [InlineData(300_000, true)]
    [InlineData(900_000, true)]
    [InlineData(1_500_000, false)]
    public void A_long_line_is_of_the_block_in_which_it_begins_or_left_to_the_general_reader(int spaces, bool isQuick)
    {
        var text = "a,b\n" + string.Concat(Enumerable.Range(0, 60_000).Select(row => $"{row}.5,{new string(' ', row % 29_000 == 17_000 ? spaces : 0)}{row}\n"));
        Assert.Equal(Told(text, true, new ReadOptions()), Told(text, false, new ReadOptions()));
        using var blocks = CsvBlocks.Open(Write(text, isCompressed: false), new CsvDialect((byte)',', '.', 2, HasHeader: true));
        var rows = Enumerable.Range(0, blocks.Count).Select(number => blocks.Read(number)?.Rows).ToList();
        Assert.Equal(isQuick ? 60_000 : null, rows.Aggregate((int?)0, (sum, count) => sum + count));
    }

    [Fact]
    public void Files_of_many_columns_are_read_in_longer_blocks()
    {
        var random = new Random(4);
        var text = string.Concat(Enumerable.Range(0, 1_500).Select(_ => string.Join(',', Enumerable.Range(0, 300).Select(_ => FormattableString.Invariant($"{random.NextDouble():0.000}"))) + "\n"));
        Assert.Equal(Told(text, true, new ReadOptions()), Told(text, false, new ReadOptions()));
    }
}
