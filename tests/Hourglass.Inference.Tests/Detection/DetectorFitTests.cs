using Hourglass.Data;
using Hourglass.Detection;
using Hourglass.Detection.Terms;
using Hourglass.Preprocessing;
using Hourglass.Scoring;

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
    public void A_share_of_the_rows_to_compare_with_is_the_first_ones()
    {
        var (references, fresh) = (Draw(500, 1), Draw(200, 3));
        double[] Scores(float[] rows, double share) => DetectorFit.Fit(new DetectorBasis(Rows, [], rows), Draw(300, 2), [new RuleRecord("neighbours", [new NeighbourRecord { Neighbours = 4, Share = share }])]).Score(fresh);
        Assert.Equal(Scores(references[..(3 * 125)], 1), Scores(references, 0.25));
        Assert.NotEqual(Scores(references, 1), Scores(references, 0.25));
        using var basis = new DetectorBasis(Rows, [], references);
        Assert.All([0, -1, 1.5, double.NaN], share => Assert.Contains("share", new NeighbourRecord { Share = share }.Fault(basis), StringComparison.Ordinal));
        Assert.Null(new NeighbourRecord { Share = 0.001 }.Fault(basis));
    }

    [Fact]
    public void Across_folds_every_row_is_scored_by_the_others_in_units_that_its_fold_had_no_say_in()
    {
        const int Count = 900, Folds = 3;
        var rows = Draw(Count, 5, equal: 0);
        float[] Part(Func<int, bool> isChosen) => [.. rows.Chunk(3).Where((_, row) => isChosen(row)).SelectMany(row => row)];
        var folds = Enumerable.Range(0, Folds).Select(fold => new HeldOutFold(new DetectorBasis(Rows, [], Part(row => row % Folds != fold)), Part(row => row % Folds == fold))).ToList();
        RuleRecord[] rules = [new RuleRecord("neighbours", [new NeighbourRecord { Neighbours = 1 }])];
        var detector = DetectorFit.Fit(new DetectorBasis(Rows, [], rows), folds, rules);
        var cells = rows.Chunk(3).ToArray();
        var nearest = Enumerable.Range(0, Count).Select(row => Enumerable.Range(0, Count).Where(other => other % Folds != row % Folds).Min(other => Math.Sqrt(cells[row].Zip(cells[other], (a, b) => Math.Pow((double)a - b, 2)).Sum()))).ToArray();
        var units = Enumerable.Range(0, Folds).Select(fold => nearest.Where((_, row) => row % Folds != fold).Order().ElementAt((int)(0.5 * (Count - 1 - (Count / Folds))))).ToArray();
        var outOfFold = nearest.Select((distance, row) => distance / units[row % Folds]).ToArray();
        var expected = outOfFold.OrderDescending().ToArray();
        Assert.Equal(Count, detector.Calibration.HeldOut.Count);
        Assert.All(Enumerable.Range(1, Count), rank => Assert.Equal(expected[rank - 1], detector.Calibration.HeldOut.Highest(rank), 1e-5 * expected[rank - 1]));
        Assert.All(DetectorFit.OutOfFold(detector, folds, rules).Zip(folds).Select((pair, fold) => (Scores: pair.First.Score(pair.Second.HeldOut), Fold: fold)), own =>
            Assert.Equal(outOfFold.Where((_, row) => row % Folds == own.Fold), own.Scores, (wanted, score) => Math.Abs(wanted - score) <= 1e-5 * wanted));
        Assert.InRange(detector.Score(Draw(4000, 6, equal: 0)).Count(score => detector.Calibration.PValue(score) <= 0.1), 220, 440); // 400 promised; rows are farther from those of two folds than from all, by the cube root of 2 / 3
    }

    [Fact]
    public void What_is_learnt_from_held_out_rows_is_learnt_from_other_folds()
    {
        // The second fold is reconstructed ten times worse: the others count in units of it, and it in theirs.
        var rows = Draw(300, 7, equal: 0);
        var folds = new[] { 1f, 10f, 1f }.Select(error => new HeldOutFold(new DetectorBasis(Rows, [new Away(error)], rows), rows)).ToList();
        var detector = DetectorFit.Fit(new DetectorBasis(Rows, [new Away(1)], rows), folds, [new RuleRecord("autoencoder", [new ReconstructionRecord()])]);
        var ratio = detector.Calibration.HeldOut.Highest(1) / detector.Calibration.HeldOut.Highest(detector.Calibration.HeldOut.Count);
        Assert.Equal(10 / (Math.Sqrt(1 / 50.5) / 0.1), ratio, 0.01); // the second fold in the others' units, 1; they in columns' units of (100 + 1) / 2, over a median of 0.1. With a say in its units each fold would score alike
        Assert.Throws<HourglassException>(() => DetectorFit.Fit(new DetectorBasis(Rows, [], rows), [.. folds.Take(2)], [new RuleRecord("neighbours", [new NeighbourRecord()])]));
    }

    // Every value is off by as much.
    private sealed class Away(float error) : IReconstructor
    {
        public int SampleLength => 3;

        public int LatentSize => 1;

        public void Encode(ReadOnlySpan<float> samples, Span<float> latents) => latents.Clear();

        public void Reconstruct(ReadOnlySpan<float> samples, Span<float> latents, Span<float> reconstructions) => System.Numerics.Tensors.TensorPrimitives.Add(samples, error, reconstructions);

        public void Decode(ReadOnlySpan<float> latents, Span<float> reconstructions) => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }

    [Fact]
    public void Few_held_out_samples_all_make_p_values() => Assert.Equal(2000, Fit(2000).Calibration.HeldOut.Count);
}
