using CsCheck;
using Hourglass.Detection;
using Hourglass.Detection.Series;
using Hourglass.Detection.Terms;
using Hourglass.Preprocessing;

namespace Hourglass.Inference.Tests.Detection.Series;

public sealed class OnlineScoresTests
{
    private const int Steps = 8;

    [Fact]
    public void An_event_passes_once_and_again_only_when_it_gets_worse() =>
        Gen.Select(Gen.Int[1, 12], Gen.Int[0, 6].Array[1, 60]).Sample((rest, scores) =>
        {
            var filter = new EventFilter(rest);
            for (var step = 0; step < scores.Length; step++)
            {
                var before = scores[Math.Max(0, step - rest)..step];
                Assert.Equal(Array.TrueForAll(before, earlier => earlier < scores[step]) ? scores[step] : 0, filter.Next(scores[step]));
            }
        });

    [Fact]
    public void Below_the_tail_surprise_is_the_share_of_values_as_high()
    {
        var tail = new RunningTail(1000);
        foreach (var value in Enumerable.Range(0, 100))
        {
            tail.Next(value);
        }

        Assert.Equal(-Math.Log10(31.0 / 101), tail.Next(70), 1e-12);
    }

    [Fact]
    public void In_the_tail_surprise_is_that_of_an_exponential_law()
    {
        // The tail of an exponential law is exponential: surprise is the value over its mean, in decimal digits.
        var (random, tail) = (new Random(1), new RunningTail(20_000));
        for (var step = 0; step < 20_000; step++)
        {
            tail.Next(-Math.Log(1 - random.NextDouble()));
        }

        Assert.Equal(20 / Math.Log(10), tail.Next(20), 20 / Math.Log(10) * 0.08);
    }

    [Fact]
    public void What_stays_becomes_usual()
    {
        var (random, tail) = (new Random(2), new RunningTail(200));
        for (var step = 0; step < 300; step++)
        {
            tail.Next(random.NextDouble());
        }

        var first = tail.Next(5);
        for (var step = 0; step < 200; step++)
        {
            tail.Next(5 + random.NextDouble());
        }

        Assert.True(first > 5);
        Assert.True(tail.Next(5) < 0.1);
    }

    [Fact]
    public void The_step_of_a_planted_event_scores_highest_and_block_size_changes_nothing()
    {
        var (random, series) = (new Random(3), new float[600]);
        for (var step = 0; step < series.Length; step++)
        {
            series[step] = (float)(Math.Sin(step * Math.PI / 6) + (0.1 * random.NextDouble()));
        }

        (series[450], series[451]) = (series[444], series[445]); // half a period early: no value is unusual by itself
        using var detector = Detector(series.AsSpan(0, 200));
        var scores = new OnlineScores(detector, 20).Next(Windows(series));
        Assert.InRange(Array.IndexOf(scores, scores.Max()) + Steps - 1, 450, 458);
        var again = new OnlineScores(detector, 20);
        Assert.Equal(scores, again.Next(Windows(series.AsSpan(0, 300))).Concat(again.Next(Windows(series.AsSpan(300 - Steps + 1)))));
    }

    [Fact]
    public void Rows_without_steps_are_refused_with_the_remedy()
    {
        using var basis = new DetectorBasis(new ArrayPreprocessing { Shape = [4], Offsets = [0], Scales = [1] }, [], new float[40]);
        using var detector = DetectorFit.Fit(basis, new float[40], [new RuleRecord("neighbours", [new NeighbourRecord()])]);
        Assert.Contains("--window", Assert.Throws<HourglassException>(() => new OnlineScores(detector, 5)).Message, StringComparison.Ordinal);
    }

    private static Detector Detector(ReadOnlySpan<float> series)
    {
        var windows = Windows(series);
        var half = windows.Length / Steps / 2 * Steps;
        var basis = new DetectorBasis(new ArrayPreprocessing { Shape = [Steps, 1], Offsets = [0], Scales = [1] }, [], windows[..half]);
        return DetectorFit.Fit(basis, windows[half..], [new RuleRecord("neighbours", [new NeighbourRecord()])]);
    }

    private static float[] Windows(ReadOnlySpan<float> series)
    {
        var windows = new float[(series.Length - Steps + 1) * Steps];
        for (var first = 0; first + Steps <= series.Length; first++)
        {
            series.Slice(first, Steps).CopyTo(windows.AsSpan(first * Steps));
        }

        return windows;
    }
}
