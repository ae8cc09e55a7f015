using Hourglass.Data;
using Hourglass.Detection;
using Hourglass.Detection.Series;
using Hourglass.Detection.Terms;
using Hourglass.Preprocessing;

namespace Hourglass.Inference.Tests.Detection.Series;

public sealed class StepScoresTests
{
    private const int Steps = 6;
    private const int Channels = 3;
    private static readonly int[] Every = [1, 3];

    [Fact]
    public void Contributions_of_channels_add_up_to_each_row_and_rows_to_their_windows()
    {
        using var detector = Detector();
        var rows = Rows(60, 5);
        var steps = StepScores.Of(detector, [Windows(rows, Steps)], 60); // windows that do not overlap
        for (var row = 0; row < 60; row++)
        {
            Assert.Equal(steps.Scores[row], steps.Contributions[(row * Channels)..((row + 1) * Channels)].Sum(), 1e-9);
        }

        var scores = detector.Score(Windows(rows, Steps).Values);
        for (var window = 0; window < scores.Length; window++)
        {
            Assert.Equal(scores[window], steps.Scores[(window * Steps)..((window + 1) * Steps)].Average(), 1e-6 * scores[window]);
        }
    }

    [Fact]
    public void A_planted_event_gives_a_span_at_its_rows_with_its_channel_first()
    {
        using var detector = Detector();
        foreach (var stride in Every)
        {
            var rows = Rows(400, 7);
            for (var row = 200; row < 210; row++)
            {
                rows[row][1] += 4;
            }

            var steps = StepScores.Of(detector, [Windows(rows, stride)], 400);
            var span = Assert.Single(steps.Spans(1.5 * detector.Rule.HeldOut.Highest(1)));
            Assert.InRange(span.First, 200 - Steps, 201);
            Assert.InRange(span.Last, 208, 209 + Steps);
            Assert.Equal("b", span.Channels[0].Channel);
            Assert.Equal(1, span.Channels.Sum(channel => channel.Share), 1e-9);
            Assert.StartsWith("b ", span.Summary(2), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Rows_that_no_window_holds_take_the_score_before_them()
    {
        using var detector = Detector();
        var block = Windows(Rows(60, 5), Steps);
        var steps = StepScores.Of(detector, [new WindowBlock(block.Values[..(3 * Steps * Channels)], block.FirstRows[..3])], 60);
        Assert.All(steps.Scores[18..], score => Assert.Equal(steps.Scores[17], score));
        Assert.All(steps.HighestWindows[18..], score => Assert.Equal(0, score));
    }

    private static Detector Detector()
    {
        var series = new SeriesPreprocessing
        {
            Rows = new TablePreprocessing { Columns = [.. new[] { "a", "b", "c" }.Select(name => new NumericTransform { Name = name, Scaling = Scaling.None })] },
            Steps = Steps,
            Stride = 1,
        };
        var basis = new DetectorBasis(series, [], Windows(Rows(600, 1), 1).Values);
        return DetectorFit.Fit(basis, Windows(Rows(200, 2), 1).Values, [new RuleRecord("neighbours", [new NeighbourRecord()])]);
    }

    private static List<float[]> Rows(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(row => Enumerable.Range(0, Channels).Select(channel => (float)(Math.Sin(row * Math.PI / 10) + (0.2 * random.NextDouble()) + channel)).ToArray())];
    }

    private static WindowBlock Windows(List<float[]> rows, int stride)
    {
        var starts = Enumerable.Range(0, ((rows.Count - Steps) / stride) + 1).Select(window => window * stride).ToArray();
        return new WindowBlock([.. starts.SelectMany(start => rows.Skip(start).Take(Steps).SelectMany(row => row))], starts);
    }
}
