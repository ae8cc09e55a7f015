using System.Globalization;
using System.Text;
using Hourglass.Collectives;
using Hourglass.Data;
using Hourglass.Data.Output;
using Hourglass.Data.Stores;
using Hourglass.Inference.Tests.Data;
using static Hourglass.Tests.Collectives.RankedData;

namespace Hourglass.Tests.Collectives;

/// <summary>What several ranks read is what one process reads, to the byte.</summary>
public sealed class RankedReadingTests : IDisposable
{
    private const int Rows = 130_000; // more numbers than a column's sample holds, more distinct texts than are counted
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public static TheoryData<string, string, int> Tables => new()
    {
        { "numbers", "hash", 2 }, { "numbers with gaps", "hash", 3 }, { "all kinds", "hash", 3 }, { "words beyond count", "hash", 2 }, { "zeros before", "hash", 3 },
        { "numbers with gaps", "place", 4 }, { "words beyond count", "place", 2 }, { "all kinds", "time", 4 }, { "words beyond count", "time", 2 },
    };

    private string StoreFolder => Path.Combine(_folder, "stores");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory, MemberData(nameof(Tables))]
    public void A_table_cut_among_ranks_becomes_the_store_and_preprocessing_of_one_process(string table, string split, int size)
    {
        var path = Write("rows.csv", Table(table));
        var read = new ReadOptions { StoreFolder = StoreFolder, Label = table == "all kinds" ? "kind" : null, Id = table == "all kinds" ? "name" : null, Window = split == "time" ? new WindowOptions(20, 5) : null };
        var options = new PreparationOptions { Seed = 5, ByPlace = split == "place" };
        using var alone = DataFile.Prepare(path, read, options);
        SameOfAll(alone, size, (ranks, progress) => DataFile.Prepare(path, read, options, ranks, progress));
        SameOfAll(Applied(path, read, alone), size, (ranks, progress) => DataFile.Apply(path, read, alone.Preprocessing, ranks, progress));
    }

    // Each rank has words of its own, and one of them a word that no other row has; missing where the row says nothing. Then rows whose words nobody has seen in training.
    [Theory]
    [InlineData("r", 2)]
    [InlineData("r", 4)]
    [InlineData("", 3)]
    public void Labels_that_ranks_have_seen_by_themselves_become_those_of_one_process(string before, int size)
    {
        string Labelled(Func<int, string> label) => "x,y,kind\n" + string.Concat(Enumerable.Range(0, Rows).Select(row => FormattableString.Invariant($"{Math.Sin(row):0.000000000000},{Math.Cos(row):0.000000000000},{label(row)}\n")));
        var path = Write("rows.csv", Labelled(row => row == Rows - 9 ? "rare" : row % 11 == 0 ? "" : $"{before}{1000 - (row / 20_000 * 10) - (row % 3)}"));
        var read = new ReadOptions { StoreFolder = StoreFolder, Label = "kind" };
        using var alone = DataFile.Prepare(path, read, new PreparationOptions());
        Assert.Equal(22, alone.Labels!.Names.Count);
        Assert.Equal(("rare", -1), (alone.Labels.Names[alone.Labels.Codes[Rows - 9]], alone.Labels.Codes[11]));
        SameOfAll(alone, size, (ranks, progress) => DataFile.Prepare(path, read, new PreparationOptions(), ranks, progress));
        var other = Write("other.csv", Labelled(row => $"unseen{row / 30_000}"));
        using var applied = Applied(other, read, alone);
        Assert.Equal(["unseen0", "unseen1", "unseen2", "unseen3", "unseen4"], applied.Labels!.Names);
        SameOfAll(applied, size, (ranks, progress) => DataFile.Apply(other, read, alone.Preprocessing, ranks, progress));
    }

    [Theory]
    [InlineData("hash", 2)]
    [InlineData("hash", 5)]
    [InlineData("place", 4)]
    [InlineData("time", 2)]
    [InlineData("time", 4)]
    public void A_Parquet_file_read_by_ranks_becomes_what_one_process_makes_of_it(string split, int size)
    {
        var path = Path.Combine(_folder, "rows.parquet");
        var random = new Random(3);
        ResultWriter.Write(path, new NumberTable { Columns = ["a", "b", "c"], Texts = [], Count = Rows, Blocks = Enumerable.Range(0, Rows / 1000).Select(_ => Enumerable.Range(0, 3000).Select(_ => random.NextSingle()).ToArray()) });
        var (options, read) = (new PreparationOptions { ByPlace = split == "place" }, new ReadOptions { Window = split == "time" ? new WindowOptions(20, 5) : null });
        using var alone = DataFile.Prepare(path, read, options);
        SameOfAll(alone, size, (ranks, progress) => DataFile.Prepare(path, read, options, ranks, progress));
        SameOfAll(Applied(path, read, alone), size, (ranks, progress) => DataFile.Apply(path, read, alone.Preprocessing, ranks, progress));
    }

    // Four pictures of another size are fitted, or give other numbers of tiles; two pictures leave a rank without any.
    [Theory]
    [InlineData("grey", 23, 2)]
    [InlineData("grey", 2, 3)]
    [InlineData("colour", 23, 4)]
    [InlineData("tiles", 23, 4)]
    [InlineData("deep", 23, 2)]
    [InlineData("deep", 23, 4)]
    public void Pictures_decoded_by_ranks_become_the_store_of_one_process(string kind, int count, int size)
    {
        var (folder, random) = (Path.Combine(_folder, "pictures"), new Random(5));
        for (var number = 0; number < count; number++)
        {
            var (channels, width) = (kind == "colour" ? 3 : 1, number % 6 == 3 ? 11 : 8);
            var path = Path.Combine(folder, number % 3 == 0 ? "one" : "two", $"{number:00}.png");
            PictureFile.Write(path, [.. Enumerable.Range(0, channels * width * 9).Select(_ => random.NextSingle())], channels, width, 9);
            if (kind == "deep" && number % 2 == 0)
            {
                File.Delete(path);
                File.WriteAllBytes(Path.ChangeExtension(path, "dcm"), new DicomBuilder(true).Grey(width, 9).Bytes(0x7FE0_0010, "OW", [.. Enumerable.Range(0, 2 * width * 9).Select(place => (byte)(place % 2 == 0 ? random.Next(256) : number % 16))]).Build());
            }
        }

        var read = new ReadOptions { StoreFolder = StoreFolder, Tile = kind == "tiles" ? new TileOptions(5, 2) : null };
        var options = new PreparationOptions { Validation = 0.3 };
        using var alone = DataFile.Prepare(folder, read, options);
        Assert.True(kind == "tiles" ? alone.Samples.Count > 60 : alone.Samples.Count == count);
        Same(alone, size, ranks => DataFile.Prepare(folder, read, options, ranks));
        Same(Applied(folder, read, alone), size, ranks => DataFile.Apply(folder, read, alone.Preprocessing, ranks));
    }

    [Fact]
    public void A_picture_that_another_rank_cannot_use_is_named_on_all()
    {
        var folder = Path.Combine(_folder, "pictures");
        for (var number = 0; number < 9; number++)
        {
            PictureFile.Write(Path.Combine(folder, $"{number}.png"), new float[number == 7 ? 72 : 64], 1, 8, number == 7 ? 9 : 8);
        }

        var read = new ReadOptions { StoreFolder = StoreFolder, Resize = ResizePolicy.Refuse };
        var faults = ThreadRanks.Run(2, ranks => Assert.Throws<AgreedFaultException>(() => DataFile.Prepare(folder, read, new PreparationOptions(), ranks)).Message);
        Assert.Equal(faults[0], faults[1]);
        Assert.StartsWith($"rank 1 of 2: {Path.Combine(folder, "7.png")}: 8 x 9 pixels, expected 8 x 8", faults[0], StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(StoreFolder));
    }

    [Theory]
    [InlineData("glyphs")]
    [InlineData("telemetry")]
    public void What_cannot_be_cut_is_read_by_rank_zero_for_all(string name)
    {
        using var alone = DataFile.Prepare(name, new ReadOptions(), new PreparationOptions());
        Same(alone, 3, ranks => DataFile.Prepare(name, new ReadOptions(), new PreparationOptions(), ranks));
    }

    [Theory]
    [InlineData(BadRowPolicy.Fail)]
    [InlineData(BadRowPolicy.Skip)]
    public void A_bad_line_among_another_rank_s_rows_is_named_once_with_its_number(BadRowPolicy policy)
    {
        var lines = Table("numbers").Split('\n');
        lines[100_000] = "1,2,oops,4";
        var (path, read) = (Write("rows.csv", string.Join('\n', lines)), new ReadOptions { OnBadRow = policy, StoreFolder = StoreFolder });
        if (policy == BadRowPolicy.Skip)
        {
            using var alone = DataFile.Prepare(path, read, new PreparationOptions());
            Assert.Contains("line 100001", string.Join(' ', alone.Description.Notes), StringComparison.Ordinal);
            Same(alone, 2, ranks => DataFile.Prepare(path, read, new PreparationOptions(), ranks));
            return;
        }

        var faults = ThreadRanks.Run(2, ranks => Assert.Throws<AgreedFaultException>(() => DataFile.Prepare(path, read, new PreparationOptions(), ranks)).Message);
        Assert.Equal(faults[0], faults[1]);
        Assert.StartsWith($"{path}: line 100001, column 3 ('c'): expected a number, found 'oops'", faults[0], StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(StoreFolder));
    }

    [Fact]
    public void A_number_too_large_for_a_sample_is_named_by_one_rank_with_its_line()
    {
        var good = Write("rows.csv", Table("numbers"));
        using var fitted = DataFile.Prepare(good, new ReadOptions(), new PreparationOptions { Scaling = Scaling.None });
        var lines = Table("numbers").Split('\n');
        lines[100_000] = "1,2,1e300,4";
        var path = Write("large.csv", string.Join('\n', lines));
        var faults = ThreadRanks.Run(2, ranks => Assert.Throws<AgreedFaultException>(() => DataFile.Apply(path, new ReadOptions(), fitted.Preprocessing, ranks)).Message);
        Assert.Equal(faults[0], faults[1]);
        Assert.Contains("line 100001, column 3 ('c')", faults[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Ranks_without_the_source_are_given_what_rank_zero_reads()
    {
        var path = Write("rows.csv", Table("numbers"));
        using var alone = DataFile.Prepare(path, new ReadOptions(), new PreparationOptions());
        Same(alone, 3, ranks => DataFile.Prepare(ranks.Rank == 1 ? path + ".not-here" : path, new ReadOptions(), new PreparationOptions(), ranks));
        Assert.Contains("There is no file", Assert.Throws<AgreedFaultException>(() => ThreadRanks.Run(2, ranks => DataFile.Prepare(ranks.Rank == 0 ? path + ".not-here" : path, new ReadOptions(), new PreparationOptions(), ranks))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(40)]
    [InlineData(5_000_000)]
    public void Another_file_of_the_same_size_is_refused(int length)
    {
        var text = new StringBuilder("a,b\n");
        for (var row = 0; text.Length < length; row++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{row % 7},{row % 11}\n");
        }

        var (path, other) = (Write("rows.csv", text.ToString()), Write("other.csv", text.ToString()[..^2] + "9\n"));
        var faults = ThreadRanks.Run(2, ranks => Assert.Throws<AgreedFaultException>(() => DataFile.Prepare(ranks.Rank == 1 ? other : path, new ReadOptions(), new PreparationOptions(), ranks)).Message);
        Assert.Equal(faults[0], faults[1]);
        Assert.StartsWith("The ranks do not have the same data (size and hash of the source): rank 1", faults[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_store_is_kept_once_and_reused_by_all_ranks()
    {
        var (path, cache) = (Write("rows.csv", Table("numbers")), new StoreCache(Path.Combine(_folder, "cache"), 1 << 30));
        var read = new ReadOptions { Cache = cache };
        using var alone = DataFile.Prepare(path, new ReadOptions(), new PreparationOptions());
        Assert.False(Same(alone, 2, ranks => DataFile.Prepare(path, read, new PreparationOptions(), ranks)));
        Assert.True(Same(alone, 2, ranks => DataFile.Prepare(path, read, new PreparationOptions(), ranks)));
        Assert.Single(cache.Stores());
        Assert.Empty(Directory.GetFiles(cache.Folder));
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    // Columns whose distinct texts reach the limit among the first, the middle or the last rows, or never.
    private static string Table(string kind)
    {
        var (random, text) = (new Random(7), new StringBuilder());
        text.AppendLine(kind == "all kinds" ? "name,kind,x,when,city,flag,mixed" : kind == "words beyond count" ? "word,x" : "a,b,c,d");
        for (var row = 0; row < Rows; row++)
        {
            var x = random.NextDouble() * 1000;
            text.AppendLine(kind switch
            {
                "all kinds" => FormattableString.Invariant($"r{row},{"abc"[row % 3]},{(row % 50 == 7 ? "" : x)},{new DateTime(2020, 1, 1).AddMinutes(row * 7):yyyy-MM-dd HH:mm},city {row * 7 % 45},{(row % 3 == 0 ? "yes" : "no")},{(row < 50_000 || row % 9 == 0 ? row : "w" + (row % 100))}"),
                "words beyond count" => FormattableString.Invariant($"{(row % 2 == 0 ? "w" + (row % 30_000) : "v" + (row % 9))},{x:0.0000}"),
                "zeros before" => FormattableString.Invariant($"{row % 900:0000},{row % 21_000},{row / 5},{x:0.000}"),
                "numbers with gaps" => FormattableString.Invariant($"{(row % 11 == 3 ? "NA" : x)},{row / 4},{(row < 70_000 ? row % 9 : row)},{row % 5}"),
                _ => FormattableString.Invariant($"{x},{row / 3},{Math.Exp(x / 50):0.00},{row % 19_990}"),
            });
        }

        return text.ToString().ReplaceLineEndings("\n");
    }
}
