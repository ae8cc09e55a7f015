using System.Globalization;
using System.Text;
using Hourglass.Collectives;
using Hourglass.Data;
using Hourglass.Preprocessing;
using static Hourglass.Tests.Collectives.RankedData;

namespace Hourglass.Tests.Collectives;

/// <summary>Texts that several ranks read become what one process makes of them, to the byte.</summary>
public sealed class RankedTextTests : IDisposable
{
    private const int Rows = 60_000; // blocks enough for each of four ranks
    private const int Odd = 50_000; // among the rows of the last rank
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public RankedTextTests() => Directory.CreateDirectory(StoreFolder);

    private string StoreFolder => Path.Combine(_folder, "stores");

    private ReadOptions Options => new() { Text = "text", Label = "kind", StoreFolder = StoreFolder };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("hash", 2)]
    [InlineData("hash", 4)]
    [InlineData("place", 4)]
    public void Texts_cut_among_ranks_become_the_store_and_alphabet_of_one_process(string split, int size)
    {
        var (path, options) = (Write("texts.csv", Table("kind,text", row => $"{Kind(row)},{Text(row)}")), new PreparationOptions { Validation = 0.2, ByPlace = split == "place" });
        using var alone = DataFile.Prepare(path, Options, options);
        Assert.Contains("longer texts are cut", Assert.Single(alone.Description.Notes), StringComparison.Ordinal);
        SameOfAll(alone, size, (ranks, progress) => DataFile.Prepare(path, Options, options, ranks, progress));
        var known = new ReadOptions { Label = "kind", StoreFolder = StoreFolder };
        using var applied = Applied(path, known, alone);
        SameOfAll(applied, size, (ranks, progress) => DataFile.Apply(path, known, alone.Preprocessing, ranks, progress));
    }

    // Quotes send a table through its rows one by one, which name flaws; what comes of it is the same.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Texts_read_in_blocks_are_those_read_row_by_row(bool isByPlace)
    {
        var options = new PreparationOptions { Validation = 0.2, ByPlace = isByPlace };
        using var blocks = DataFile.Prepare(Write("texts.csv", Table("kind,text", row => $"{Kind(row)},{Text(row)}")), Options, options);
        using var rows = DataFile.Prepare(Write("quoted.csv", Table("kind,text", row => $"{Kind(row)},\"{Text(row)}\"")), Options, options);
        var (first, second) = (Assert.IsType<TextPreprocessing>(blocks.Preprocessing), Assert.IsType<TextPreprocessing>(rows.Preprocessing));
        Assert.Equal((first.Length, 512), (second.Length, first.Length));
        Assert.Equal(first.Alphabet, second.Alphabet);
        Assert.Equal(blocks.Samples.ContentHash, rows.Samples.ContentHash);
        Assert.Equal(blocks.Split.Validation, rows.Split.Validation);
        Assert.Equal(blocks.Labels!.Names, rows.Labels!.Names);
        Assert.Equal(blocks.Labels.Codes, rows.Labels.Codes);
        Assert.Equal(blocks.Description.Notes, rows.Description.Notes);
    }

    // By the definition: characters of training texts by how often they stand, then by their code; the longest text, at most 512.
    [Fact]
    public void Characters_are_numbered_by_how_often_they_stand_in_training_texts()
    {
        string[] texts = [.. Enumerable.Range(0, 900).Select(row => row % 9 == 0 ? $"é{row % 7}𝄞" : $"b{row % 4}a{(row % 300 == 5 ? "é" : "")}")];
        using var data = DataFile.Prepare(Write("texts.csv", "text\n" + string.Join('\n', texts) + "\n"), new ReadOptions { Text = "text" }, new PreparationOptions { Validation = 0.3 });
        var runes = data.Split.Training.SelectMany(sample => texts[sample].EnumerateRunes()).Select(rune => rune.ToString()).ToList();
        var expected = runes.GroupBy(rune => rune).OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal).Select(group => group.Key).ToList();
        var fitted = Assert.IsType<TextPreprocessing>(data.Preprocessing);
        Assert.Equal(expected, fitted.Alphabet);
        Assert.Equal(data.Split.Training.Max(sample => texts[sample].EnumerateRunes().Count()), fitted.Length);
        var values = new float[fitted.Length];
        data.Samples.Read(9, 1, values);
        Assert.Equal(texts[9].EnumerateRunes().Select(rune => expected.IndexOf(rune.ToString()) + 2f), values[..3]);
        Assert.False(fitted.Apply("b0a0x", values));
        Assert.True(fitted.Apply("bx", values));
        Assert.Equal([expected.IndexOf("b") + 2f, 1, 0, .. new float[fitted.Length - 3]], values);
    }

    [Theory]
    [InlineData(BadRowPolicy.Fail)]
    [InlineData(BadRowPolicy.Skip)]
    public void A_line_with_a_flaw_among_another_rank_s_rows_is_named_once_with_its_number(BadRowPolicy policy)
    {
        var path = Write("texts.csv", Table("kind,text", row => row == Odd ? "a,b,c" : $"{Kind(row)},{Text(row)}"));
        var read = Options with { OnBadRow = policy };
        if (policy == BadRowPolicy.Skip)
        {
            using var alone = DataFile.Prepare(path, read, new PreparationOptions());
            Assert.Equal(Rows - 1, alone.Samples.Count);
            Same(alone, 2, ranks => DataFile.Prepare(path, read, new PreparationOptions(), ranks));
            return;
        }

        var faults = ThreadRanks.Run(2, ranks => Assert.Throws<AgreedFaultException>(() => DataFile.Prepare(path, read, new PreparationOptions(), ranks)).Message);
        Assert.Equal(faults[0], faults[1]);
        Assert.StartsWith($"{path}: line {Odd + 2} has 3 fields, expected 2", faults[0], StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(StoreFolder));
    }

    [Theory]
    [InlineData("", "holds no rows")]
    [InlineData(",", "holds no text to train on")]
    public void Texts_that_are_not_there_are_said_to_be_missing_on_all_ranks(string line, string words)
    {
        var path = Write("texts.csv", "kind,text\n" + string.Concat(Enumerable.Repeat(line + "\n", 5)));
        var read = Options with { Header = true };
        var fault = Assert.Throws<DataException>(() => DataFile.Prepare(path, read, new PreparationOptions())).Message;
        Assert.Contains(line.Length == 0 ? "holds no text to train on" : words, fault, StringComparison.Ordinal);
        Assert.All(ThreadRanks.Run(3, ranks => Assert.Throws<AgreedFaultException>(() => DataFile.Prepare(path, read, new PreparationOptions(), ranks)).Message), told => Assert.Equal(fault, told));
        var known = new TextPreprocessing { Column = "text", Alphabet = ["a"], Length = 3 };
        if (line.Length == 0)
        {
            Assert.Contains(words, Assert.Throws<DataException>(() => DataFile.Apply(path, read, known)).Message, StringComparison.Ordinal);
        }
    }

    // Labels, characters and lengths that only the last rank's rows have.
    private static string Kind(int row) => row == Odd ? "rare" : row % 90 == 4 ? "" : $"k{row / 9000}";

    private static string Text(int row) => row % 70 == 3 ? "" : row == Odd + 1 ? new string('z', 700) : row == Odd + 2 ? "~~^~" : row == Odd + 3 ? new string('y', 512)
        : string.Create(CultureInfo.InvariantCulture, $"C{row % 13}(=O)N{"cnos"[row % 4]}1 row {row * 7919 % 100_003} of many that fill a block of the file");

    private static string Table(string header, Func<int, string> line)
    {
        var text = new StringBuilder(header).Append('\n');
        for (var row = 0; row < Rows; row++)
        {
            text.Append(line(row)).Append('\n');
        }

        return text.ToString();
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
