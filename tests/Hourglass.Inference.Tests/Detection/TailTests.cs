using Hourglass.Detection.Calibration;

namespace Hourglass.Inference.Tests.Detection;

public sealed class TailTests
{
    // Drawn by numpy (RandomState(0)) from generalised Pareto distributions; maximum likelihood by scipy 1.10.1's Nelder-Mead on genpareto.logpdf.
    private static readonly double[] First = [0.0398, 0.0617, 0.1, 0.1011, 0.1065, 0.1156, 0.1248, 0.1264, 0.1361, 0.1465, 0.1702, 0.1729, 0.2142, 0.2289, 0.2307, 0.2726, 0.2837, 0.3216, 0.3391, 0.365, 0.4262, 0.4323, 0.4395, 0.5428, 0.5452, 0.5901, 0.594, 0.777, 0.8474, 0.9542, 0.9617, 0.9865, 0.9959, 1.0638, 1.1787, 1.4556, 1.5254, 2.6377, 2.6438, 2.9486];
    private static readonly double[] Second = [0.0024, 0.0102, 0.0331, 0.0493, 0.0707, 0.1012, 0.1262, 0.143, 0.1542, 0.1574, 0.1708, 0.1765, 0.1914, 0.1918, 0.2525, 0.2674, 0.2963, 0.3704, 0.418, 0.4246, 0.4289, 0.4292, 0.4353, 0.4416, 0.4483, 0.5504, 0.5663, 0.5896, 0.5897, 0.6011, 0.63, 0.6644, 0.8405, 0.8829, 0.9367, 1.0647, 1.0674, 1.3246, 1.5261, 1.6376];

    [Fact]
    public void Tails_of_greatest_likelihood_agree_with_scipy()
    {
        var (shape, scale) = TailFit.Fit(First);
        Assert.Equal(0.1042042, shape, 1e-4);
        Assert.Equal(0.58769016, scale, 1e-4);
        (shape, scale) = TailFit.Fit(Second);
        Assert.Equal(-0.24060379, shape, 1e-4);
        Assert.Equal(0.60000163, scale, 1e-4);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_rate_that_no_held_out_score_reaches_is_extrapolated_to_within_its_interval(int shape)
    {
        const double Rate = 1e-4;
        var calibration = new ScoreCalibration { HeldOut = ScoreDistribution.Of(GeneratedScores.Draw(shape, 5000, new Random(7))) };
        Assert.False(calibration.Threshold(new FalseAlarmRule { Rate = Rate }).IsSupported);
        var threshold = calibration.Threshold(new PeaksOverThresholdRule { Rate = Rate }).Require();
        var value = threshold.Value!.Value;
        var realised = shape switch { 1 => UpperNormal(Math.Log(value)), 2 => Math.Pow(value, -1.2), _ => Math.Exp(-value) };
        Assert.InRange(realised, Rate / 5, Rate * 5);
        Assert.InRange(threshold.Tail!.Goodness, 0.01, 1);
        Assert.Equal(100, threshold.Tail.Peaks);
    }

    [Fact]
    public void A_tail_that_is_no_generalised_Pareto_is_called_a_poor_fit()
    {
        var random = new Random(1);
        double[] scores = [.. GeneratedScores.Draw(5, 5000, random), .. Enumerable.Range(0, 100).Select(_ => 9 + (0.01 * random.NextDouble()))];
        var threshold = new ScoreCalibration { HeldOut = ScoreDistribution.Of(scores) }.Threshold(new PeaksOverThresholdRule { Rate = 1e-4 });
        Assert.InRange(threshold.Tail!.Goodness, 0, 0.05);
        Assert.Contains("The fit is poor", threshold.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_few_scores_or_equal_ones_make_no_tail()
    {
        var rule = new PeaksOverThresholdRule { Rate = 1e-4 };
        Assert.False(new ScoreCalibration { HeldOut = ScoreDistribution.Of(GeneratedScores.Draw(0, 99, new Random(1))) }.Threshold(rule).IsSupported);
        Assert.False(new ScoreCalibration { HeldOut = ScoreDistribution.Of(Enumerable.Repeat(1.0, 1000).ToArray()) }.Threshold(rule).IsSupported);
    }

    private static double UpperNormal(double value) => Enumerable.Range(0, 100_000).Select(step => value + (step * 1e-4)).Sum(x => Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI) * 1e-4);
}
