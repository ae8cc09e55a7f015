using System.Text;
using Hourglass.Data;
using Hourglass.Detection;
using Hourglass.Detection.Calibration;
using Hourglass.Detection.Streams;
using Hourglass.Detection.Terms;
using Hourglass.Preprocessing;
using Hourglass.Scoring;

namespace Hourglass.Inference.Tests.Detection.Streams;

public sealed class StreamWatchTests : IDisposable
{
    private const int Columns = 3;
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;
    private readonly List<StreamAlarm> _alarms = [];
    private readonly List<BadLine> _bad = [];
    private readonly List<string> _notes = [];
    private int _drifts;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private StreamObserver Observer => new(_alarms.Add, _bad.Add, _ => _drifts++, null, _notes.Add);

    // Reconstructs everything as the mean: the score is the squared length.
    private sealed class Mean(int length) : IReconstructor
    {
        public int SampleLength => length;

        public int LatentSize => 1;

        public void Reconstruct(ReadOnlySpan<float> samples, Span<float> latents, Span<float> reconstructions) => reconstructions.Clear();

        public void Encode(ReadOnlySpan<float> samples, Span<float> latents) => latents.Clear();

        public void Decode(ReadOnlySpan<float> latents, Span<float> reconstructions) => reconstructions.Clear();

        public void Dispose()
        {
        }
    }

    private static TablePreprocessing Rows => new() { Columns = [.. Enumerable.Range(0, Columns).Select(column => new NumericTransform { Name = $"c{column}", Scaling = Scaling.None })] };

    private static Detector Make(SamplePreprocessing preprocessing, int seed = 1)
    {
        var length = preprocessing.SampleShape.Aggregate(1, (product, size) => product * size);
        var random = new Random(seed);
        var isFlag = preprocessing.Blocks.SelectMany(block => Enumerable.Repeat(block.Kind == FeatureBlockKind.Binary, block.Length)).ToArray();
        var heldOut = Enumerable.Range(0, 500 * length).Select(place => isFlag[place % length] ? 0 : (float)GeneratedScores.Normal(random)).ToArray();
        return DetectorFit.Fit(new DetectorBasis(preprocessing, [new Mean(length)], heldOut), heldOut, [new RuleRecord("autoencoder", [new ReconstructionRecord()])]).With(new FalseAlarmRule { Rate = 0.002 });
    }

    private StreamWatch Watch(SamplePreprocessing preprocessing, StreamOptions? options = null) => new(Make(preprocessing), options ?? new StreamOptions { Id = "id" }, Observer);

    private static string Csv(int rows, int seed, double scale = 1, Func<int, string?>? replace = null)
    {
        var (random, text) = (new Random(seed), new StringBuilder("id,c2,c0,c1\n"));
        for (var row = 0; row < rows; row++)
        {
            var line = FormattableString.Invariant($"r{row},{scale * GeneratedScores.Normal(random):0.####},{scale * GeneratedScores.Normal(random):0.####},{scale * GeneratedScores.Normal(random):0.####}");
            text.Append(replace?.Invoke(row) ?? line).Append('\n');
        }

        return text.ToString();
    }

    private static MemoryStream Bytes(string text) => new(Encoding.UTF8.GetBytes(text));

    [Fact]
    public void A_word_that_a_flag_never_had_is_an_alarm_and_no_bad_line()
    {
        var rows = new TablePreprocessing { Columns = [new BooleanTransform { Name = "c0", False = "no", True = "yes", Imputed = true }, .. Rows.Columns.Skip(1)] };
        Watch(rows).Read(Bytes("id,c0,c1,c2\nr1,no,0,0\nr2,perhaps,0,0\nr3,yes,x,0\n"), "rows", CancellationToken.None);
        Assert.Equal(("r2", 3L), (Assert.Single(_alarms).Id, _alarms[0].Line));
        Assert.StartsWith("c0 (other), expected no", _alarms[0].Why.Summary(1), StringComparison.Ordinal);
        Assert.Equal(4, Assert.Single(_bad).Line);
    }

    [Fact]
    public void An_anomaly_is_told_with_line_name_p_value_and_why_and_bad_lines_do_not_stop_it()
    {
        var text = Csv(1000, 2, replace: row => row switch { 300 => "strange,0,50,0", 400 => "r400,1,x,2", 401 => "r401,1", _ => null });
        var counts = Watch(Rows).Read(Bytes(text), "input", default);
        var alarm = Assert.Single(_alarms, alarm => alarm.Id == "strange");
        Assert.Equal((302, 301), (alarm.Line, alarm.Row));
        Assert.Equal(1.0 / 501, alarm.PValue, 1e-12);
        Assert.Equal("c0 50, expected about 0", alarm.Why.Summary(1));
        Assert.Equal(alarm.Why.Score, alarm.Why.Columns.Sum(column => column.Contribution), 1e-9);
        Assert.Equal([new BadLine(402, "column 'c0': expected a number, found 'x'."), new BadLine(403, "2 fields, expected 4.")], _bad);
        Assert.Equal((998, 998, 2), (counts.Rows, counts.Scores, counts.BadLines));
        Assert.InRange(counts.Alarms, 1, 8); // 2 expected beside the planted one
    }

    [Fact]
    public void Alarms_are_those_of_the_whole_file_at_once()
    {
        var path = Path.Combine(_folder, "rows.csv");
        File.WriteAllText(path, Csv(3000, 5));
        var detector = Make(Rows);
        using var data = DataFile.Apply(path, new ReadOptions(), Rows);
        var samples = new float[data.Samples.Count * Columns];
        data.Samples.Read(0, (int)data.Samples.Count, samples);
        var threshold = detector.Calibration.Threshold();
        var expected = detector.Score(samples).Select((score, row) => (score, row)).Where(entry => threshold.IsAlarm(entry.score)).Select(entry => entry.row + 1L);
        Watch(Rows).Follow(path, untilEnd: true, default);
        Assert.Equal(expected, _alarms.Select(alarm => alarm.Row));
        Assert.NotEmpty(_alarms);
    }

    [Fact]
    public void A_run_that_was_stopped_goes_on_as_if_it_had_not_been()
    {
        var windows = new SeriesPreprocessing { Rows = Rows, Steps = 7, Stride = 2 };
        var (path, text) = (Path.Combine(_folder, "rows.csv"), Csv(2000, 6));
        File.WriteAllText(path, text);
        var whole = Watch(windows).Follow(path, untilEnd: true, default);
        var expected = _alarms.Select(alarm => (alarm.Line, alarm.Row, alarm.Id, alarm.Why.Score)).ToList();
        _alarms.Clear();
        var options = new StreamOptions { Id = "id", State = Path.Combine(_folder, "state.json"), Model = "m" };
        var counts = default(StreamCounts);
        foreach (var share in new[] { 0.3, 0.55, 1 })
        {
            File.WriteAllText(path, text[..(text.IndexOf('\n', (int)(share * (text.Length - 1))) + 1)]);
            counts = Watch(windows, options).Follow(path, untilEnd: true, default);
        }

        Assert.Equal(expected, _alarms.Select(alarm => (alarm.Line, alarm.Row, alarm.Id, alarm.Why.Score)));
        Assert.Equal(whole, counts);
        Assert.Equal(((2000 - 7) / 2) + 1, counts.Scores);
        Assert.Equal(2, _notes.Count(note => note.StartsWith("Goes on after line", StringComparison.Ordinal)));
        Assert.Contains("another model", Assert.Throws<HourglassException>(() => Watch(windows, options with { Model = "n" }).Follow(path, true, default)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_state_is_refused_in_one_line()
    {
        var state = Path.Combine(_folder, "state.json");
        File.WriteAllText(state, "{\"version\": 1,");
        var fault = Assert.ThrowsAny<HourglassException>(() => Watch(Rows, new StreamOptions { State = state }).Read(Bytes(Csv(1, 1)), "input", default));
        Assert.Contains(state, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Drift_is_told_once()
    {
        Watch(Rows).Read(Bytes(Csv(3000, 7)), "input", default);
        Assert.Equal(0, _drifts);
        Watch(Rows).Read(Bytes(Csv(3000, 7, scale: 1.6)), "input", default);
        Assert.Equal(1, _drifts);
    }

    [Fact]
    public void JSON_lines_are_known_by_their_brace_and_a_header_may_be_given()
    {
        Watch(Rows).Read(Bytes("{\"c0\": 0, \"c1\": 99, \"c2\": 0, \"id\": \"j\"}\n"), "input", default);
        Watch(Rows, new StreamOptions { Header = "c0;c1;c2" }).Read(Bytes("0;99;0\n"), "input", default);
        Assert.Equal(["j", null], _alarms.Select(alarm => alarm.Id));
        Assert.Equal([1, 1], _alarms.Select(alarm => alarm.Line));
    }

    [Fact]
    public void A_threshold_that_the_calibration_does_not_support_is_refused() =>
        Assert.Contains("1/501", Assert.Throws<HourglassException>(() => new StreamWatch(Make(Rows).With(new FalseAlarmRule { Rate = 1e-5 }), new StreamOptions(), Observer)).Message, StringComparison.Ordinal);

    [Fact]
    public void Rows_leave_memory_flat()
    {
        var line = string.Join('\n', Csv(2000, 8).Split('\n').Skip(1));
        var watch = Watch(Rows, new StreamOptions { Header = "id,c2,c0,c1" });
        watch.Read(Bytes(line), "input", default);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var round = 0; round < 20; round++)
        {
            watch.Read(Bytes(line), "input", default);
        }

        Assert.True(GC.GetTotalMemory(forceFullCollection: true) - before < 1 << 19); // 40,000 rows; alarms are kept by this test
    }
}
