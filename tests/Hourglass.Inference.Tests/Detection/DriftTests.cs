using Hourglass.Detection.Calibration;

namespace Hourglass.Inference.Tests.Detection;

public sealed class DriftTests
{
    private static DriftTest After(double[] heldOut, IEnumerable<double> fresh)
    {
        var test = new DriftTest(ScoreDistribution.Of(heldOut));
        foreach (var score in fresh)
        {
            test.Add(score);
        }

        return test;
    }

    [Fact]
    public void The_chance_of_a_false_warning_is_bounded_however_few_scores_were_held_out()
    {
        var (random, warnings, one, runs) = (new Random(9), 0, 0, 1000);
        for (var run = 0; run < runs; run++)
        {
            var shape = run % GeneratedScores.Shapes;
            var test = After(GeneratedScores.Draw(shape, 50 + random.Next(500), random), GeneratedScores.Draw(shape, 2000, random));
            warnings += test.HasDrifted ? 1 : 0;
            one += test.PValue <= 0.1 ? 1 : 0;
        }

        Assert.InRange(warnings, 0, 5); // 1 expected at most
        Assert.InRange(one, 0, 130); // 100 expected at most
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(-0.5)]
    public void A_shift_of_half_a_standard_deviation_is_told_within_some_hundred_scores(double shift)
    {
        var random = new Random(2);
        var test = After(GeneratedScores.Draw(0, 2000, random), GeneratedScores.Draw(0, 600, random).Select(score => score + shift));
        Assert.True(test.HasDrifted);
        Assert.True(shift > 0 ? test.Middle > 0.55 : test.Middle < 0.45);
    }

    [Fact]
    public void Anomalies_among_normal_samples_are_no_drift()
    {
        var random = new Random(3);
        var fresh = GeneratedScores.Draw(0, 5000, random).Select(score => random.NextDouble() < 0.05 ? 50 : score);
        Assert.False(After(GeneratedScores.Draw(0, 2000, random), fresh).HasDrifted);
    }

    [Fact]
    public void Equal_scores_cannot_tell()
    {
        var test = After([1, 1, 1, 1], Enumerable.Repeat(5.0, 1000));
        Assert.False(test.CanTell || test.HasDrifted);
    }
}
