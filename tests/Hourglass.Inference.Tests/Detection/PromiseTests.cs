using Hourglass.Detection.Calibration;

namespace Hourglass.Inference.Tests.Detection;

/// <summary>The promised rate is the realised one, for scores of any shape.</summary>
public sealed class PromiseTests
{
    [Theory]
    [InlineData(0.1)]
    [InlineData(0.01)]
    [InlineData(0.001)]
    public void The_realised_rate_lies_in_its_interval_for_200_sets_of_scores(double rate)
    {
        var (random, inside) = (new Random(11), 0);
        const int Sets = 200;
        for (var set = 0; set < Sets; set++)
        {
            var shape = set % GeneratedScores.Shapes;
            var count = (int)Math.Ceiling(1 / rate) + random.Next(4000);
            var calibration = new ScoreCalibration { HeldOut = ScoreDistribution.Of(GeneratedScores.Draw(shape, count, random)) };
            var threshold = calibration.Threshold(new FalseAlarmRule { Rate = rate }).Require();
            var (rank, above) = calibration.Rank(rate);
            var fresh = GeneratedScores.Draw(shape, 5000, random);
            var (low, high) = FalseAlarmInterval.Alarms(rank, above, count, fresh.Length, ScoreCalibration.Confidence);
            inside += fresh.Count(threshold.IsAlarm) is var alarms && alarms >= low && alarms <= high ? 1 : 0;
        }

        Assert.InRange(inside, 0.97 * Sets, Sets);
    }

    [Fact]
    public void The_rate_averaged_over_calibrations_keeps_the_promise_closely()
    {
        var (random, alarms) = (new Random(5), 0L);
        for (var set = 0; set < 400; set++)
        {
            var calibration = new ScoreCalibration { HeldOut = ScoreDistribution.Of(GeneratedScores.Draw(set % 8, 199, random)) };
            var threshold = calibration.Threshold(new FalseAlarmRule { Rate = 0.05 });
            alarms += GeneratedScores.Draw(set % 8, 500, random).Count(threshold.IsAlarm);
        }

        Assert.InRange(alarms / (400.0 * 500), 0.047, 0.053); // 10 / 200 exactly, within four standard errors
    }

    [Theory] // scipy 1.10.1: scipy.stats.beta.ppf
    [InlineData(0.005, 1, 1000, 5.012529260777506e-06)]
    [InlineData(0.995, 1, 1000, 0.0052843060394974425)]
    [InlineData(0.5, 50, 451, 0.0992678945902976)]
    [InlineData(0.025, 600, 599401, 0.0009216102801510277)]
    [InlineData(0.995, 7.5, 2.25, 0.9815802564175086)]
    public void Quantiles_of_the_beta_distribution_agree_with_scipy(double share, double a, double b, double expected) =>
        Assert.Equal(expected, BetaDistribution.Quantile(share, a, b), 1e-9 * expected);

    [Theory] // scipy 1.10.1: scipy.stats.betabinom.ppf
    [InlineData(0.005, 1000, 5, 496, 1)]
    [InlineData(0.995, 1000, 5, 496, 28)]
    [InlineData(0.5, 200, 1, 100, 1)]
    [InlineData(0.995, 100_000, 100, 99_901, 139)]
    public void Quantiles_of_the_beta_binomial_agree_with_scipy(double share, long trials, double a, double b, long expected) =>
        Assert.Equal(expected, BetaDistribution.CountQuantile(share, trials, a, b));

    [Fact]
    public void The_interval_names_the_chance_of_the_calibration()
    {
        var calibration = new ScoreCalibration { HeldOut = ScoreDistribution.Of(GeneratedScores.Draw(0, 999, new Random(2))) };
        var interval = calibration.Threshold(new FalseAlarmRule { Rate = 0.001 }).Realised!.Value;
        Assert.Equal(1 - Math.Pow(0.995, 1 / 999.0), interval.Low, 1e-9); // Beta(1, 999) in closed form
        Assert.Equal(1 - Math.Pow(0.005, 1 / 999.0), interval.High, 1e-9);
        Assert.Equal(0.99, interval.Confidence);
    }
}
