using CsCheck;
using Hourglass.Bundles;
using Hourglass.Detection.Calibration;

namespace Hourglass.Inference.Tests.Detection;

public sealed class CalibrationTests
{
    private static ScoreCalibration Calibrate(params double[] scores) => new() { HeldOut = ScoreDistribution.Of(scores) };

    [Theory]
    [InlineData("1/1000", 0.001)]
    [InlineData("0.001", 0.001)]
    [InlineData("0.1%", 0.001)]
    [InlineData(" 5 / 100 ", 0.05)]
    [InlineData("1e-4", 0.0001)]
    public void A_rate_is_read_as_fraction_decimal_or_percentage(string text, double rate) => Assert.Equal(rate, RateText.Parse(text, "--false-alarms"), 1e-15);

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    [InlineData("-1/10")]
    [InlineData("1/0")]
    [InlineData("NaN")]
    [InlineData("1/2/3")]
    [InlineData("often")]
    public void A_rate_that_is_none_is_refused_with_examples(string text) =>
        Assert.Contains("1/1000, 0.001 or 0.1%", Assert.Throws<HourglassException>(() => RateText.Parse(text, "--false-alarms")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(9_999, 0.001)]
    [InlineData(9_998, 0.002)]
    [InlineData(455, 0.05)]
    [InlineData(99, 0.1)]
    [InlineData(5, 0.1)] // too few for any: no alarms, and the threshold says so
    public void A_new_detector_promises_the_strictest_rate_that_ten_held_out_scores_hold(long heldOut, double rate) =>
        Assert.Equal(new FalseAlarmRule { Rate = rate }, ThresholdRule.DefaultFor(heldOut));

    [Fact]
    public void Rates_are_written_as_they_are_spoken()
    {
        Assert.Equal("1/1000", RateText.Write(0.001));
        Assert.Equal("0.03", RateText.Write(0.03));
    }

    [Fact]
    public void P_values_count_held_out_scores_as_high_or_higher()
    {
        var calibration = Calibrate(1, 2, 2, 3);
        Assert.Equal(1.0 / 5, calibration.PValue(3.5));
        Assert.Equal(2.0 / 5, calibration.PValue(3));
        Assert.Equal(4.0 / 5, calibration.PValue(2));
        Assert.Equal(1, calibration.PValue(0));
        Assert.Equal((1 + (0.5 * 3)) / 5, calibration.SmoothedPValue(2, 0.5));
    }

    [Fact]
    public void An_alarm_is_a_score_whose_p_value_is_at_most_the_promised_rate() =>
        Gen.Select(Gen.Int[0, 30].Array[20, 200], Gen.Int[0, 31], Gen.Int[1, 40]).Sample((whole, score, hundredths) =>
        {
            var calibration = Calibrate([.. whole.Select(value => (double)value)]);
            var threshold = calibration.Threshold(new FalseAlarmRule { Rate = hundredths / 100.0 });
            Assert.Equal(calibration.PValue(score) <= (hundredths / 100.0) + 1e-12, threshold.IsAlarm(score));
        });

    [Fact]
    public void A_rate_beyond_the_held_out_samples_is_refused_and_the_smallest_named()
    {
        var calibration = Calibrate([.. Enumerable.Range(0, 998).Select(value => (double)value)]);
        var threshold = calibration.Threshold(new FalseAlarmRule { Rate = 0.001 });
        Assert.False(threshold.IsSupported);
        Assert.False(threshold.IsAlarm(double.MaxValue));
        Assert.Contains("needs 999 held-out normal samples, and there are 998: the smallest rate they support is 1/999.", Assert.Throws<HourglassException>(threshold.Require).Message, StringComparison.Ordinal);
        Assert.Equal(997, calibration.Threshold(new FalseAlarmRule { Rate = calibration.SmallestRate }).Value);
    }

    [Fact]
    public void Large_distributions_are_small_exact_in_the_tail_and_never_too_sure_below()
    {
        var scores = GeneratedScores.Draw(0, 300_000, new Random(1));
        var distribution = ScoreDistribution.Of(scores);
        Array.Sort(scores);
        Assert.InRange(distribution.ToStored("s").First().Floats.Length, 4096, 25_000);
        Assert.Equal(scores.Length, distribution.Count);
        for (var rank = 1; rank <= scores.Length; rank += 77)
        {
            var (score, kept) = (scores[^rank], distribution.AtLeast(scores[^rank]));
            Assert.InRange(kept, rank, (rank <= 4096 ? rank : rank * (1 + (1 / 4096.0))) + 3); // some scores are equal in single precision
            Assert.InRange(distribution.Highest(rank), score, double.MaxValue);
        }
    }

    [Fact]
    public void A_distribution_and_a_rule_keep_their_meaning_through_their_file()
    {
        var distribution = ScoreDistribution.Of([0.1, 0.2, 0.2, 1e-17]);
        var again = ScoreDistribution.FromStored(distribution.ToStored("scores").ToDictionary(tensor => tensor.Name), "scores", "test");
        Assert.Equal([4, 3, 2, 0], new[] { 0, 0.1, 0.2, 0.3 }.Select(again.AtLeast));
        Assert.Equal([4, 2, 0], new[] { 0, 0.15, 1 }.Select(again.Above));
        ThresholdRule rule = new PeaksOverThresholdRule { Rate = 0.25 };
        Assert.Equal(rule, BundleJson.Deserialize<ThresholdRule>(BundleJson.Serialize(rule), "test"));
    }

    [Theory]
    [InlineData(new[] { 1f, 1f }, new[] { 1L, 1L })]
    [InlineData(new[] { 1f, 2f }, new[] { 1L })]
    [InlineData(new[] { 1f, 2f }, new[] { 1L, 0L })]
    [InlineData(new[] { 1f, float.NaN }, new[] { 1L, 1L })]
    [InlineData(new float[0], new long[0])]
    public void Altered_distributions_are_refused(float[] values, long[] counts) =>
        Assert.Throws<BundleException>(() => ScoreDistribution.FromStored(
            new Dictionary<string, StoredTensor> { ["s"] = new("s", [values.Length], values), ["s.counts"] = new("s.counts", [counts.Length], counts) }, "s", "test"));

    [Fact]
    public void Scores_that_are_not_finite_are_refused() => Assert.Throws<HourglassException>(() => ScoreDistribution.Of([1, double.NaN]));

    [Fact]
    public void Contamination_alarms_that_share_of_the_held_out_samples()
    {
        var calibration = Calibrate([.. Enumerable.Range(1, 200).Select(value => (double)value)]);
        var threshold = calibration.Threshold(new ContaminationRule { Share = 0.05 });
        Assert.Equal(10, Enumerable.Range(1, 200).Count(value => threshold.IsAlarm(value)));
    }

    [Fact]
    public void Benjamini_and_Hochbergs_example_is_reproduced()
    {
        // The fifteen p-values of Benjamini and Hochberg 1995, section 3.2: four are rejected at 0.05.
        double[] pValues = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000];
        Assert.Equal(0.0095, BenjaminiHochberg.Cut(pValues, 0.05));
        Assert.Equal(0, BenjaminiHochberg.Cut([0.5, 0.9], 0.05));
    }

    [Fact]
    public void At_most_the_asked_share_of_a_batches_alarms_is_false_on_average()
    {
        var (random, share) = (new Random(3), 0.0);
        const int Batches = 200;
        for (var batch = 0; batch < Batches; batch++)
        {
            var calibration = Calibrate(GeneratedScores.Draw(batch % GeneratedScores.Shapes, 1000, random));
            var normal = GeneratedScores.Draw(batch % GeneratedScores.Shapes, 450, random).Select(calibration.PValue).ToList();
            double[] all = [.. normal, .. Enumerable.Repeat(calibration.PValue(1e9), 50)];
            var cut = BenjaminiHochberg.Cut(all, 0.1);
            share += normal.Count(p => p <= cut) / (double)Math.Max(1, all.Count(p => p <= cut)) / Batches;
        }

        Assert.InRange(share, 0.02, 0.11);
    }
}
