using Hourglass.Evaluation.Series;

namespace Hourglass.Tests.Evaluation;

/// <summary>The benchmark's scorer on the cases that numenta/NAB's own tests and documentation state (tests/integration/*_test.py, the docstring of its sigmoid).</summary>
public sealed class NabScoreTests
{
    // Prices of the repository's integration tests.
    private static readonly NabProfile Even = new(1, 1, 1);

    [Theory]
    [InlineData(-1.0, 0.98661)]
    [InlineData(-0.5, 0.84828)]
    [InlineData(0.0, 0.0)]
    [InlineData(1.0, -0.98661)]
    [InlineData(3.0, -1.0)]
    public void The_sigmoid_has_its_documented_values(double position, double expected) => Assert.Equal(expected, NabScore.Sigmoid(position), 5e-6);

    [Theory]
    [InlineData(100, 15)]
    [InlineData(5000, 750)]
    [InlineData(6000, 750)]
    public void Probation_is_a_share_of_at_most_five_thousand_rows(int steps, int expected) => Assert.Equal(expected, NabScore.Probation(steps));

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void The_first_step_of_a_window_of_any_length_earns_the_whole_price(int length) =>
        Assert.Equal(1, Raw(Even, 10, [new(4, 4 + length - 1)], 4), 1e-12);

    [Fact]
    public void Only_the_earliest_alarm_of_a_window_counts() =>
        Assert.Equal(Raw(Even, 10, [new(4, 5)], 4), Raw(Even, 10, [new(4, 5)], 4, 5), 1e-12);

    [Fact]
    public void The_earlier_alarm_earns_more() => Assert.True(Raw(Even, 10, [new(4, 5)], 4) > Raw(Even, 10, [new(4, 5)], 5));

    [Fact]
    public void The_price_changes_sign_at_the_right_edge() =>
        Assert.Equal(-1, Raw(Even, 1000, [new(450, 549)], 549) + Raw(Even, 1000, [new(450, 549)], 550), 5e-4);

    [Fact]
    public void A_later_false_alarm_behind_a_window_costs_more() =>
        Assert.True(Raw(Even, 10, [new(4, 5)], 6) > Raw(Even, 10, [new(4, 5)], 7));

    [Fact]
    public void A_false_alarm_before_any_window_costs_the_whole_price() => Assert.Equal(-1 - 1, Raw(Even, 1000, [new(500, 509)], 200), 1e-12);

    [Fact]
    public void All_prices_together_give_the_documented_sum() =>
        // Windows of five steps; one found at its first step and once more, one alarm three steps behind it, the second window missed: -0.9540 in scorer_test.py.
        Assert.Equal(-0.9540, Raw(Even, 100, [new(33, 37), new(66, 70)], 33, 34, 40), 5e-5);

    [Fact]
    public void Missed_windows_cost_twice_in_the_profile_against_misses() =>
        Assert.Equal(2 * Raw(NabProfile.Standard, 100, [new(50, 59)]), Raw(NabProfile.RewardLowFalseNegatives, 100, [new(50, 59)]), 1e-12);

    [Fact]
    public void Silence_is_nothing_and_perfection_a_hundred()
    {
        var windows = new StepRange[] { new(30, 39), new(75, 95) };
        Assert.Equal(0, NabScore.Best([new NabSeries(new double[100], windows)], NabProfile.Standard).Value);
        var perfect = NabScore.Best([new NabSeries(Marked(100, 30, 75), windows), new NabSeries(new double[400], [])], NabProfile.Standard);
        Assert.Equal((100, 1), (perfect.Value, perfect.Threshold));
    }

    [Fact]
    public void The_best_threshold_takes_equal_scores_together_and_ignores_probation()
    {
        var scores = new double[100];
        (scores[3], scores[50], scores[60], scores[10]) = (9, 5, 5, 5);
        scores[80] = 2;
        var best = NabScore.Best([new NabSeries(scores, [new(50, 59)])], new NabProfile(1, 0.4, 1));
        Assert.Equal(5, best.Threshold);
        Assert.Equal(best.Value, NabScore.At([new NabSeries(scores, [new(50, 59)])], new NabProfile(1, 0.4, 1), 5).Value);
        Assert.InRange(best.Value, 100 * (2 - 0.4) / 2, 99);
    }

    [Fact]
    public void Windows_outside_the_series_are_refused() =>
        Assert.Contains("step 90 to 100", Assert.Throws<HourglassException>(() => NabScore.Best([new NabSeries(new double[100], [new(90, 100)])], NabProfile.Standard)).Message, StringComparison.Ordinal);

    // What the benchmark calls the raw score: silence is minus one price for each window.
    private static double Raw(NabProfile profile, int steps, StepRange[] windows, params int[] alarms)
    {
        var normalized = NabScore.At([new NabSeries(Marked(steps, alarms), windows)], profile, 0.5).Value;
        return (normalized * windows.Length * (profile.TruePositive + profile.FalseNegative) / 100) - (windows.Length * profile.FalseNegative);
    }

    private static double[] Marked(int steps, params int[] places)
    {
        var scores = new double[steps];
        foreach (var place in places)
        {
            scores[place] = 1;
        }

        return scores;
    }
}
