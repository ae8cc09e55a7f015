using CsCheck;
using Hourglass.Scoring;

namespace Hourglass.Tests.Scoring;

public sealed class ScoreSummaryTests
{
    [Fact]
    public void The_highest_scores_and_their_mean_are_those_of_the_sorted_list() => Gen.Select(Gen.OneOf(Gen.Float[0, 100], Gen.Int[0, 3].Select(value => (float)value)).Array[1, 200], Gen.Int[1, 12]).Sample((scores, kept) =>
    {
        var summary = new ScoreSummary(kept);
        Array.ForEach(scores, summary.Add);
        Assert.Equal(scores.Length, summary.Count);
        Assert.Equal(scores.Average(score => (double)score), summary.Mean, 1e-9);
        Assert.Equal(scores.Select((score, sample) => new HighScore(sample, score)).OrderByDescending(entry => entry.Score).ThenBy(entry => entry.Sample).Take(kept), summary.Highest);
    });

    [Fact]
    public void Without_scores_there_is_no_mean()
    {
        var summary = new ScoreSummary(3);
        Assert.True(double.IsNaN(summary.Mean));
        Assert.Empty(summary.Highest);
    }
}
