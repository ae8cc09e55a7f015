using CsCheck;
using Hourglass.Data;
using Hourglass.Detection;
using Hourglass.Detection.Terms;
using Hourglass.Preprocessing;
using Hourglass.Scoring;

namespace Hourglass.Inference.Tests.Detection;

public sealed class ColumnErrorTermTests
{
    private static readonly string[] Words = ["a", "b", "c", "d", "e"];

    private static TablePreprocessing Columns(params string[] words) => new()
    {
        Columns = [new NumericTransform { Name = "calm", Scaling = Scaling.None }, new NumericTransform { Name = "wild", Scaling = Scaling.None }, new CategoryTransform { Name = "word", Categories = words }],
    };

    // Numbers are expected to be 0, so that each is its own error; words are expected alike.
    private static float[] Rows(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).SelectMany(_ => Row(GeneratedScores.Normal(random), 100 * GeneratedScores.Normal(random), random.Next(Words.Length)))];
    }

    private static float[] Row(double calm, double wild, int word)
    {
        var row = new float[Columns(Words).SampleShape[0]];
        (row[0], row[1], row[2 + word]) = ((float)calm, (float)wild, 1);
        return row;
    }

    private static Detector Fit(bool isByColumn = true) => DetectorFit.Fit(
        new DetectorBasis(Columns(Words), [new Nought(Columns(Words).SampleShape[0])], Rows(50, 1)), Rows(2000, 2), [new RuleRecord("errors", [new ReconstructionRecord { IsByColumn = isByColumn }])]);

    [Fact]
    public void An_error_counts_by_how_rare_it_is_in_its_column()
    {
        var detector = Fit();
        var explained = detector.Explain([.. Row(6, 300, 0), .. Row(3, 600, 1)]);
        Assert.Equal(["calm", "wild"], explained.Select(row => row.Columns[0].Column));
        Assert.All(explained, row => Assert.Equal(row.Score, row.Columns.Sum(column => column.Contribution), 1e-9 * row.Score));
        double[] surprises = [.. new[] { 1.0, 2.0, 3.0 }.Select(calm => detector.Rule.Terms[0].Record.Unit * detector.Explain(Row(calm, 0, 0))[0].Columns.Single(column => column.Column == "calm").Contribution)];
        double[] shares = [0.3173, 0.0455, 0.0027]; // of a normal distribution, beyond 1, 2 and 3 standard deviations
        Assert.All(surprises.Zip(shares), pair => Assert.Equal(-Math.Log(pair.Second), pair.First, 0.25 * (1 - Math.Log(pair.Second))));
        Assert.True(Ratio(detector) < 0.6 * Ratio(Fit(isByColumn: false)), $"{Ratio(detector)} and {Ratio(Fit(isByColumn: false))}: as surprise a far outlier in one column drowns the others less.");

        static double Ratio(Detector detector) => detector.Score(Row(100, 0, 0))[0] / detector.Score(Row(5, 0, 0))[0];
    }

    [Fact]
    public void Columns_are_found_by_name_where_a_fold_lacks_one()
    {
        var few = new TablePreprocessing { Columns = [.. Columns(Words).Columns.Skip(1)] };
        float[] Part(int rows, int seed) => [.. Rows(rows, seed).Chunk(Columns(Words).SampleShape[0]).SelectMany(row => row[1..])];
        using var all = new DetectorBasis(Columns(Words), [], Rows(50, 1));
        using var part = new DetectorBasis(few, [], Part(50, 1));
        var (own, across) = (Learnt(new ScoringBatch(all, Rows(500, 4))), Learnt(new ScoringBatch(part, Part(500, 4))));
        Assert.All(new[] { 0.1, 1, 4, 900 }, error => Assert.Equal(own.Of(1, error), across.Of(1, error)));
        Assert.True(own.Of(1, 100) is > 0.9 and < 1.4, $"{own.Of(1, 100)}"); // a third of the rows reach one standard deviation
        Assert.True(across.Of(0, 1) > 0 && across.Of(0, 0) == 0); // of what no fold had, anything is news

        ColumnSurprise Learnt(ScoringBatch batch) => ColumnSurprise.Learn(all, [batch], given => [.. Enumerable.Range(0, given.Count).SelectMany(row => given.Basis.Columns.Select(column => (double)Math.Abs(given.Row(row)[column.Start])))]);
    }

    [Fact]
    public void A_curve_in_single_precision_is_a_curve_and_comes_back_from_a_row() =>
        Gen.OneOf(Gen.Const(0.0), Gen.Double[0, 2], Gen.Double[0, 1e-44], Gen.Const(1e300), Gen.Int[0, 3].Select(value => (double)value)).Array[1, 200].Sample(normal =>
        {
            var curve = SurpriseCurve.Learn([.. normal.Order()]);
            var single = curve.InSinglePrecision();
            Assert.Null(single.Fault());
            Assert.InRange(Math.Abs(curve.Nats[^1] - single.Nats[^1]), 0, 1e-6);
            float[] Wide(IReadOnlyList<double> numbers) => [.. Enumerable.Range(0, SurpriseCurve.MostValues).Select(place => (float)numbers[Math.Min(place, numbers.Count - 1)])];
            var again = SurpriseCurve.FromRow(Wide(single.Values), Wide(single.Nats), (float)single.TailRate);
            Assert.Equal(single.Values, again.Values);
            Assert.Equal(single.Nats, again.Nats);
            Assert.True(single.Values.Count >= Math.Min(curve.Values.Count, single.Values.Distinct().Count()));
        });

    private sealed class Nought(int length) : IReconstructor
    {
        public int SampleLength => length;

        public int LatentSize => 1;

        public void Encode(ReadOnlySpan<float> samples, Span<float> latents) => latents.Clear();

        public void Reconstruct(ReadOnlySpan<float> samples, Span<float> latents, Span<float> reconstructions)
        {
            reconstructions.Clear();
            for (var place = 0; place < reconstructions.Length; place++)
            {
                reconstructions[place] = place % length < 2 ? 0 : 0.2f;
            }
        }

        public void Decode(ReadOnlySpan<float> latents, Span<float> reconstructions) => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }
}
