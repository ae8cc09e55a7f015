using System.Globalization;
using Hourglass.Data;
using Hourglass.Detection;
using Hourglass.Tasks.AnomalyDetection;

namespace Hourglass.Tests.Tasks.AnomalyDetection;

/// <summary>What never changed in training changes, and what never was missing is.</summary>
public sealed class UnseenValueTests : IDisposable
{
    private const string Header = "size,level,mode,flag,hue,load,rare";
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;
    private readonly Random _random = new(5);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string In(string name) => Path.Combine(_folder, name);

    private string Row(string level = "3", string mode = "auto", string? size = null, string? flag = null, string? load = null, string rare = "1.5")
    {
        var (first, second) = (_random.NextDouble(), _random.NextDouble());
        return string.Join(',', size ?? Text(first), level, mode, flag ?? (first > 0.7 ? "yes" : "no"), second > 0.5 ? "red" : "blue", load ?? Text(first + second), rare);
    }

    private static string Text(double number) => number.ToString("0.####", CultureInfo.InvariantCulture);

    private string Write(string name, IEnumerable<string> rows)
    {
        File.WriteAllLines(In(name), rows.Prepend(Header));
        return In(name);
    }

    private AnomalyDetector Fit(ReadOptions? read = null, string rare = "1.5") => AnomalyDetector.Fit(new DetectRequest
    {
        Data = Write("normal.csv", Enumerable.Range(0, 600).Select(row => Row(rare: row % 4 == 3 ? rare : "1.5"))),
        Read = read ?? new ReadOptions(),
        Detector = new DetectorOptions { Steps = 100, Members = 1 },
        Out = In("detector.hourglass"),
    });

    private static string Found(Explanation explanation) => explanation.Summary(1);

    [Theory]
    [InlineData("autoencoder")]
    [InlineData("reconstruction")]
    [InlineData("pca")]
    [InlineData("neighbours")]
    public void A_column_that_was_always_the_same_is_scored_and_named_when_it_changes(string rule)
    {
        Fit().Dispose();
        using var detector = AnomalyDetector.Load(In("detector.hourglass")).Use(rule);
        var explained = detector.Explain(Write("new.csv", [.. Enumerable.Range(0, 200).Select(_ => Row()), Row(level: "5"), Row(level: "3.0001"), Row(mode: "manual"), Row(level: "", mode: "auto")]));
        var usual = explained.Take(200).Max(row => row.Score);
        Assert.All(explained.Skip(200), row => Assert.True(row.Score > usual, $"{row.Score} beside {usual}"));
        Assert.Equal(["level 5, expected 3", "level 3.0001, expected 3", "mode (other), expected auto", "level missing, expected 3"], explained.Skip(200).Select(Found));
        Assert.All(explained, row => Assert.Equal(row.Score, row.Columns.Sum(column => column.Contribution), 1e-6 * row.Score));
        Assert.Equal(explained.Select(row => row.Score), detector.Score(In("new.csv")));
    }

    [Fact]
    public void The_same_number_written_otherwise_is_no_change()
    {
        using var detector = Fit();
        var scores = detector.Score(Write("new.csv", ["0.5,3,auto,no,red,1,1.5", "0.5,3.0,auto,no,red,1,1.50"]));
        Assert.Equal(scores[0], scores[1]);
    }

    [Fact]
    public void A_label_that_was_no_label_in_training_does_not_tell_on_itself()
    {
        using var detector = Fit(); // column "level" is always 3
        Write("new.csv", [.. Enumerable.Range(0, 40).Select(_ => Row()), .. Enumerable.Range(0, 40).Select(_ => Row(level: "4"))]);
        using var data = DataFile.Apply(In("new.csv"), new ReadOptions { Label = "level" }, detector.Detector.Basis.Preprocessing);
        Assert.InRange(detector.Evaluate(data, ["3"]).Figures.Auroc, 0.2, 0.8);
    }

    [Fact]
    public void A_missing_value_where_none_was_missing_is_scored_and_named()
    {
        using var detector = Fit();
        var explained = detector.Explain(Write("new.csv", [.. Enumerable.Range(0, 200).Select(_ => Row()), Row(size: ""), Row(flag: "NA"), Row(load: "?")]));
        var usual = explained.Take(200).Max(row => row.Score);
        Assert.All(explained.Skip(200), row => Assert.True(row.Score > usual, $"{row.Score} beside {usual}"));
        Assert.StartsWith("size missing, expected about ", Found(explained[200]), StringComparison.Ordinal);
        Assert.StartsWith("flag missing, expected ", Found(explained[201]), StringComparison.Ordinal);
        Assert.StartsWith("load missing, expected about ", Found(explained[202]), StringComparison.Ordinal);
        Assert.All(explained.Skip(200), row => Assert.True(double.IsFinite(row.Score)));
    }

    [Fact]
    public void A_value_that_was_missing_now_and_then_is_no_news_when_it_is_missing()
    {
        using var detector = Fit(rare: "");
        var explained = detector.Explain(Write("new.csv", [Row(), Row(rare: ""), Row(rare: "2")]));
        Assert.True(explained[1].Score < 0.5 * explained[2].Score, $"{explained[1].Score} and {explained[2].Score}");
        Assert.Equal("rare 2, expected 1.5", Found(explained[2]));
    }

    [Fact]
    public void A_channel_of_a_series_that_never_changed_is_named_at_the_rows_where_it_does()
    {
        using var detector = Fit(new ReadOptions { Window = new WindowOptions(8, 2) });
        using var data = DataFile.Apply(Write("new.csv", Enumerable.Range(0, 120).Select(row => row is 60 or 61 ? Row(level: "4") : row == 90 ? Row(load: "") : Row())), new ReadOptions(), detector.Detector.Basis.Preprocessing);
        var scores = SeriesDetection.Score(detector.Detector, data);
        Assert.Equal([60, 61, 90], Enumerable.Range(0, 120).OrderByDescending(row => scores.Scores[row]).Take(3).Order());
        Assert.Equal("level", scores.Between(60, 61)[0].Channel);
        Assert.Equal("load", scores.Between(90, 90)[0].Channel);
    }
}
