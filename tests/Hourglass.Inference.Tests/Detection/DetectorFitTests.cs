using Hourglass.Data;
using Hourglass.Detection;
using Hourglass.Detection.Terms;
using Hourglass.Preprocessing;

namespace Hourglass.Inference.Tests.Detection;

public sealed class DetectorFitTests
{
    private static TablePreprocessing Rows => new() { Columns = [.. Enumerable.Range(0, 3).Select(column => new NumericTransform { Name = $"c{column}", Scaling = Scaling.None })] };

    // A share of the rows are equal to one of five.
    private static float[] Draw(int rows, int seed, double equal = 0.4)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, rows).SelectMany(_ => random.NextDouble() < equal ? Enumerable.Repeat(0.1f * random.Next(5), 3) : Enumerable.Range(0, 3).Select(_ => (float)GeneratedScores.Normal(random)))];
    }

    private static Detector Fit(int heldOut) => DetectorFit.Fit(
        new DetectorBasis(Rows, [], Draw(500, 1, equal: 0)), Draw(heldOut, 2), [new RuleRecord("neighbours", [new NeighbourRecord { Neighbours = 1 }, new NeighbourRecord { Neighbours = 3, Views = [FeatureView.Range] }])]);

    [Fact]
    public void Equal_rows_among_many_score_as_in_the_calibration_and_do_not_pass_for_a_drift()
    {
        var detector = Fit(20_000);
        var (drift, scores) = (detector.Drift(), detector.Score(Draw(20_000, 3)));
        foreach (var score in scores)
        {
            drift.Add(score);
        }

        Assert.False(drift.HasDrifted, drift.Sentence);
        Assert.True(drift.CanTell);
        Assert.Equal(15_000, detector.Calibration.HeldOut.Count); // the others served units
        Assert.InRange(scores.Count(score => detector.Calibration.PValue(score) <= 0.01), 130, 280); // 200, within 4 standard deviations of both draws
    }

    [Fact]
    public void A_sample_scores_the_same_alone_in_small_groups_and_in_pieces_on_several_threads()
    {
        var (detector, rows) = (Fit(2000), Draw(700, 4));
        var together = detector.Score(rows);
        foreach (var group in new[] { 1, 31, 300 })
        {
            Assert.Equal(together, rows.Chunk(3 * group).SelectMany(block => detector.Score(block)));
        }

        var found = detector.Find(rows);
        var alone = rows.Chunk(3).Select(row => detector.Find(row)).ToList();
        Assert.Equal(together, found.Scores, (whole, parts) => Math.Abs(whole - parts) <= 1e-9 * whole); // a score, and the sum of its parts
        Assert.Equal(found.Contributions, alone.SelectMany(one => one.Contributions));
        Assert.Equal(found.Expected!, alone.SelectMany(one => one.Expected!));
        Assert.Equal(700, together.Length);
        Assert.Empty(detector.Score([]));
    }

    [Fact]
    public void Few_held_out_samples_all_make_p_values() => Assert.Equal(2000, Fit(2000).Calibration.HeldOut.Count);
}
