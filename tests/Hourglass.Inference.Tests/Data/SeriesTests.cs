using System.Globalization;
using CsCheck;
using Hourglass.Bundles;
using Hourglass.Data;
using Hourglass.Preprocessing;

namespace Hourglass.Inference.Tests.Data;

public sealed class SeriesTests
{
    private static readonly ReadOptions Read = new() { Window = new WindowOptions(4, 1) };

    [Fact]
    public void Windows_that_reach_across_a_gap_in_time_are_left_out_of_training_and_of_scoring() => With(Rows(40, gapAfter: 19), path =>
    {
        using var trained = DataFile.Prepare(path, Read, new PreparationOptions { Validation = 0 });
        long[] whole = [.. Enumerable.Range(0, 17).Concat(Enumerable.Range(20, 17)).Select(window => (long)window)];
        Assert.Equal(whole, trained.Split.Training);
        Assert.Contains(trained.Description.Notes, note => note.StartsWith("Gaps in time: 1;", StringComparison.Ordinal));
        using var applied = DataFile.Apply(path, Read, trained.Preprocessing);
        Assert.Equal(whole, applied.Split.Training);
    });

    [Fact]
    public void Rows_keep_their_labels_and_times_beside_the_windows() => With(Rows(12, gapAfter: -1), path =>
    {
        using var data = DataFile.Prepare(path, Read with { Label = "state", Window = new WindowOptions(4, 3) }, new PreparationOptions { Validation = 0 });
        Assert.Equal((12, 3), (data.Rows!.Count, data.Rows.Stride));
        Assert.Equal(12, data.Rows.Labels!.Codes.Length);
        Assert.Equal("2026-03-02 00:55:00", data.Rows.NameOf(11));
    });

    [Fact]
    public void Time_of_day_and_week_come_back_and_years_leave_no_trace() => Gen.Int[0, 1_000_000].Sample(minutes =>
    {
        var transform = new CalendarTransform { Name = "when" };
        var (now, later) = (new float[4], new float[4]);
        var time = new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddMinutes(minutes);
        Assert.True(transform.Apply(time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), '.', now));
        Assert.True(transform.Apply(time.AddDays(7 * 52).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), '.', later));
        Assert.Equal(now[0], later[0], 1e-5);
        Assert.Equal(now[3], later[3], 1e-5);
        Assert.Equal(time.ToString("dddd HH:mm", CultureInfo.InvariantCulture), transform.Invert([now[0], now[1], now[2] * 0.9f, now[3] * 0.9f]).Text);
    });

    [Fact]
    public void Dates_of_series_are_read_as_time_of_day_and_of_week() => With(Rows(40, gapAfter: -1), path =>
    {
        using var data = DataFile.Prepare(path, Read with { Label = "state" }, new PreparationOptions { Validation = 0.2 });
        Assert.IsType<CalendarTransform>(Assert.IsType<SeriesPreprocessing>(data.Preprocessing).Rows.Columns[0]);
        Assert.Equal([4, 5], data.Preprocessing.SampleShape);
    });

    // A quoted field leaves the file to the reader of rows.
    [Fact]
    public void A_series_read_in_blocks_is_what_is_made_of_it_row_by_row() => With(Rows(40_000, gapAfter: 9), path =>
    {
        var (read, options) = (Read with { Label = "state" }, new PreparationOptions { Validation = 0.3 });
        using var blocks = DataFile.Prepare(path, read, options);
        File.WriteAllText(path, File.ReadAllText(path).Replace(",good", ",\"good\"", StringComparison.Ordinal));
        using var rows = DataFile.Prepare(path, read, options);
        Assert.Equal(BundleJson.Serialize(rows.Preprocessing), BundleJson.Serialize(blocks.Preprocessing));
        Assert.Equal(rows.Split.Training, blocks.Split.Training);
        Assert.Equal(rows.Split.Validation, blocks.Split.Validation);
        Assert.Equal(rows.Times, blocks.Times);
        Assert.Equal(rows.Rows!.Labels!.Codes, blocks.Rows!.Labels!.Codes);
        Assert.True(File.ReadAllBytes(rows.Samples.Path).AsSpan().SequenceEqual(File.ReadAllBytes(blocks.Samples.Path)));
    });

    private static string[] Rows(int count, int gapAfter)
    {
        var start = new DateTime(2026, 3, 2, 0, 0, 0, DateTimeKind.Utc);
        return ["time,load,state", .. Enumerable.Range(0, count).Select(row =>
            FormattableString.Invariant($"{start.AddMinutes((5 * row) + (gapAfter >= 0 && row > gapAfter ? 600 : 0)):yyyy-MM-dd HH:mm:ss},{Math.Sin(row):0.0000},{(row % 7 == 0 ? "bad" : "good")}"))];
    }

    private static void With(string[] lines, Action<string> use)
    {
        var path = Path.Combine(Path.GetTempPath(), $"hourglass-{Guid.NewGuid():N}.csv");
        File.WriteAllLines(path, lines);
        try
        {
            use(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
