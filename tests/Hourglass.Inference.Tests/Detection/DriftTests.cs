using Hourglass.Detection.Calibration;

namespace Hourglass.Inference.Tests.Detection;

public sealed class DriftTests
{
    private static DriftTest After(double[] heldOut, IEnumerable<double> fresh, double ceiling = double.PositiveInfinity)
    {
        var test = new DriftTest(ScoreDistribution.Of(heldOut), 1, ceiling);
        foreach (var score in fresh)
        {
            test.Add(score);
        }

        return test;
    }

    // The threshold of one alarm in so many.
    private static double Threshold(double[] heldOut, int alarms) => heldOut.OrderDescending().ElementAt(heldOut.Length / alarms);

    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    public void The_chance_of_a_false_warning_is_bounded_however_few_scores_were_held_out(int alarms)
    {
        var (random, warnings, one, runs) = (new Random(9), 0, 0, 1000);
        for (var run = 0; run < runs; run++)
        {
            var shape = run % GeneratedScores.Shapes;
            var heldOut = GeneratedScores.Draw(shape, 50 + random.Next(500), random);
            var test = After(heldOut, GeneratedScores.Draw(shape, 2000, random), alarms == 0 ? double.PositiveInfinity : Threshold(heldOut, alarms));
            warnings += test.HasDrifted ? 1 : 0;
            one += test.PValue <= 0.1 ? 1 : 0;
        }

        Assert.InRange(warnings, 0, 5); // 1 expected at most
        Assert.InRange(one, 0, 130); // 100 expected at most
    }

    [Theory]
    [InlineData(0, 0.05)] // one in twenty scores where one in a hundred did
    [InlineData(100, 0.2)] // beside alarms: one in five scores in the highest tenth
    public void A_shift_of_the_highest_scores_alone_is_told_for_every_shape(int alarms, double share)
    {
        var random = new Random(7);
        for (var shape = 0; shape < GeneratedScores.Shapes; shape++)
        {
            var (heldOut, drawn) = (GeneratedScores.Draw(shape, 4000, random), GeneratedScores.Draw(shape, 20_000, random));
            var (ninth, first) = (Threshold(drawn, 10), Threshold(drawn, 100));
            double[] upper = [.. drawn.Where(score => alarms == 0 ? score > first : score > ninth && score <= first)];
            double[] body = [.. drawn.Where(score => alarms == 0 ? score <= first : score <= ninth)];
            var test = After(heldOut, Enumerable.Range(0, 5000).Select(_ => random.NextDouble() < share ? upper[random.Next(upper.Length)] : body[random.Next(body.Length)]), alarms == 0 ? double.PositiveInfinity : Threshold(heldOut, alarms));
            Assert.True(test.HasDrifted, $"shape {shape}: {test.Sentence}");
            Assert.True(test.Upper.Now > 1.2 * test.Upper.Before, $"shape {shape}: {test.Upper}");
        }
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
    public void Between_no_sign_and_a_warning_it_says_that_drift_is_possible()
    {
        var random = new Random(4);
        var (test, said) = (After(GeneratedScores.Draw(0, 2000, random), []), new List<string>());
        foreach (var score in GeneratedScores.Draw(0, 600, random))
        {
            test.Add(score + 0.5);
            said.Add(test.Sentence.Split(' ')[0] + (test.PValue is < 0.05 and >= DriftTest.Level ? " between" : ""));
        }

        Assert.Equal(["No", "Drift between", "Drift:"], said.Distinct());
        Assert.DoesNotContain("p at most 0;", test.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Alarms_are_no_drift()
    {
        var random = new Random(3);
        var fresh = GeneratedScores.Draw(0, 5000, random).Select(score => random.NextDouble() < 0.05 ? 50 : score);
        var heldOut = GeneratedScores.Draw(0, 2000, random);
        Assert.False(After(heldOut, fresh, Threshold(heldOut, 50)).HasDrifted); // they raise alarms
        Assert.True(After(heldOut, fresh).HasDrifted); // where all are known to be normal, they are
    }

    [Fact]
    public void Equal_scores_cannot_tell()
    {
        var test = After([1, 1, 1, 1], Enumerable.Repeat(5.0, 1000));
        Assert.False(test.CanTell || test.HasDrifted);
    }
}
