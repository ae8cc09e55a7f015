using CsCheck;
using Hourglass.Bundles;
using Hourglass.Data;
using Hourglass.Detection;
using Hourglass.Detection.Terms;
using Hourglass.Preprocessing;

namespace Hourglass.Inference.Tests.Detection;

public sealed class SurpriseCurveTests
{
    private static SurpriseCurve Learn(IEnumerable<double> values) => SurpriseCurve.Learn([.. values.Order()]);

    [Fact]
    public void Among_the_normal_values_surprise_is_their_share_that_reaches_so_far()
    {
        var curve = Learn(Enumerable.Range(1, 9999).Select(value => (double)value));
        Assert.Equal(0, curve.Of(0));
        Assert.All(new[] { 1000, 5000, 9000, 9499 }, value => Assert.Equal(-Math.Log(1 - (value / 10_000.0)), curve.Of(value), 0.01));
    }

    [Theory, InlineData(0.5), InlineData(0.2)]
    public void Beyond_the_normal_values_a_power_law_goes_on(double rate)
    {
        var random = new Random(3);
        var curve = Learn(Enumerable.Range(0, 20_000).Select(_ => Math.Pow(1 - random.NextDouble(), -rate)));
        Assert.Equal(rate, curve.TailRate, 0.05 * rate);
        Assert.Equal(Math.Log(1000) / rate, curve.Of(1000), 0.06 * Math.Log(1000) / rate); // the share above v is v to the power of -1 / rate
    }

    [Theory, InlineData(1, 2.0), InlineData(7, 2.0), InlineData(300, 1e-320), InlineData(1, 0.0)]
    public void Normal_values_that_are_all_equal_make_a_curve_that_a_file_can_hold(int count, double value)
    {
        var curve = Learn(Enumerable.Repeat(value, count));
        Assert.Null(curve.Fault());
        Assert.True(curve.Of(value) == 0);
        Assert.True(double.IsFinite(curve.Of(value + 1)) && curve.Of(value + 1) > curve.Of(value));
    }

    [Fact]
    public void Whatever_the_normal_values_are_more_is_never_less_surprising_and_all_is_finite() =>
        Gen.Select(Gen.OneOf(Gen.Const(0.0), Gen.Double[0, 2], Gen.Int[0, 3].Select(value => (double)value)).Array[1, 200], Gen.Double[0, 5].Array[2, 20]).Sample((normal, asked) =>
        {
            var curve = Learn(normal);
            Assert.Null(curve.Fault());
            var surprises = asked.Concat(normal).Order().Select(curve.Of).ToArray();
            Assert.All(surprises, surprise => Assert.True(surprise >= 0 && double.IsFinite(surprise)));
            Assert.Equal(surprises.Order(), surprises);
            Assert.True(curve.Of(normal.Max() + 1) > curve.Of(normal.Max()));
            Assert.True(curve.Of(0) == 0);
        });

    [Fact]
    public void Equal_values_count_together_and_where_all_are_zero_anything_else_is_news()
    {
        var curve = Learn([.. Enumerable.Repeat(0.0, 900), .. Enumerable.Repeat(2.0, 80), .. Enumerable.Range(10, 19).Select(value => (double)value)]);
        Assert.Equal(-Math.Log(100 / 1000.0), curve.Of(2), 1e-12);
        Assert.True(Learn(Enumerable.Repeat(0.0, 50)).Of(1e-6) > Math.Log(51));
    }

    [Fact]
    public void Terms_with_tails_of_other_shapes_weigh_alike_and_the_file_keeps_their_curves()
    {
        var detector = Trained();
        var raw = detector.Rules[1].Terms;
        var batch = new ScoringBatch(detector.Basis, Rows(400, 3));
        var sums = batch.Values(raw[0]).Zip(batch.Values(raw[1]), (first, second) => detector.Rule.Terms[0].Record.Surprise!.Of(first) + (2 * detector.Rule.Terms[1].Record.Surprise!.Of(second)));
        var scores = detector.Score(batch.Samples);
        Assert.Equal(sums, scores, (sum, score) => Math.Abs(sum - score) < 1e-9);
        Assert.Equal(3 * 1.0, scores.Average(), 0.6); // a surprise has a mean of 1 nat, as an exponential law: weights add up to 3
        var (found, length) = (detector.Find(batch.Samples), detector.Basis.SampleLength);
        Assert.All(Enumerable.Range(0, 400), row => Assert.Equal(found.Scores[row], found.Contributions.AsSpan(row * length, length).ToArray().Sum(), 1e-6 * (1 + found.Scores[row])));

        var record = detector.Rule.Terms[0].Record;
        var again = BundleJson.Deserialize<RuleRecord>(BundleJson.Serialize(new RuleRecord("kept", [record])), "kept").Terms[0];
        Assert.Equal(scores.Select(record.Standardised), scores.Select(again.Standardised));
        Assert.Null(again.Fault(detector.Basis));
        Assert.Contains("surprise", (again with { Surprise = null }).Fault(detector.Basis), StringComparison.Ordinal);
        Assert.Contains("ascending", (again with { Surprise = record.Surprise! with { Nats = [0, 1] } }).Fault(detector.Basis), StringComparison.Ordinal);
        Assert.Contains("rate", (again with { Surprise = record.Surprise! with { TailRate = 0 } }).Fault(detector.Basis), StringComparison.Ordinal);
    }

    private static float[] Rows(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).SelectMany(_ => new[] { (float)GeneratedScores.Normal(random), (float)Math.Exp(2 * GeneratedScores.Normal(random)) })];
    }

    private static Detector Trained()
    {
        var preprocessing = new TablePreprocessing { Columns = [.. Enumerable.Range(0, 2).Select(column => new NumericTransform { Name = $"c{column}", Scaling = Scaling.None })] };
        NeighbourRecord[] terms = [new NeighbourRecord { Neighbours = 1 }, new NeighbourRecord { Views = [FeatureView.NormalScores], Weight = 2 }];
        return DetectorFit.Fit(new DetectorBasis(preprocessing, [], Rows(500, 1)), Rows(400, 2), [new("surprise", [.. terms.Select(term => term with { IsSurprise = true })]), new("units", terms)]);
    }
}
