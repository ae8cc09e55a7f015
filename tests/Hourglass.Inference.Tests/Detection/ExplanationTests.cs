using Hourglass.Data;
using Hourglass.Detection;
using Hourglass.Detection.Terms;
using Hourglass.Preprocessing;
using Hourglass.Scoring;

namespace Hourglass.Inference.Tests.Detection;

public sealed class ExplanationTests
{
    // Gives back part of a value and a little of all others, also far beyond what it was trained on.
    private sealed class Leaking(int length) : IReconstructor
    {
        public int SampleLength => length;

        public int LatentSize => 1;

        public void Reconstruct(ReadOnlySpan<float> samples, Span<float> latents, Span<float> reconstructions)
        {
            for (var place = 0; place < samples.Length; place++)
            {
                var row = samples.Slice(place / length * length, length);
                reconstructions[place] = (0.4f * samples[place]) + (0.01f * System.Numerics.Tensors.TensorPrimitives.Sum(row));
            }
        }

        public void Encode(ReadOnlySpan<float> samples, Span<float> latents) => latents.Clear();

        public void Decode(ReadOnlySpan<float> latents, Span<float> reconstructions) => reconstructions.Clear();

        public void Dispose()
        {
        }
    }

    private static TablePreprocessing Rows => new() { Columns = [.. Enumerable.Range(0, 3).Select(column => new NumericTransform { Name = $"c{column}", Scaling = Scaling.None })] };

    private static Detector Make(SamplePreprocessing preprocessing)
    {
        var length = preprocessing.SampleShape.Aggregate(1, (product, size) => product * size);
        var random = new Random(1);
        float[] Draw() => [.. Enumerable.Range(0, 300 * length).Select(_ => (float)GeneratedScores.Normal(random))];
        return DetectorFit.Fit(new DetectorBasis(preprocessing, [new Leaking(length)], Draw()), Draw(), [new RuleRecord("autoencoder", [new ReconstructionRecord()])]);
    }

    [Fact]
    public void What_is_expected_lies_among_normal_values_however_far_a_value_is_beyond_them()
    {
        var explanation = Make(Rows).Explain([1000, 0.5f, -0.5f])[0];
        Assert.Equal("c0", explanation.Columns[0].Column);
        Assert.All(explanation.Columns, column => Assert.InRange(column.Expected!.Value.Number, -0.5, 0.5));
        Assert.Equal(1000, explanation.Columns[0].Found!.Value.Number, 1e-3);
        Assert.Equal(explanation.Score, explanation.Columns.Sum(column => column.Contribution), 1e-6);
    }

    [Fact]
    public void A_series_is_explained_by_its_steps_and_channels()
    {
        var sample = new float[20 * 3];
        Array.Fill(sample, 0.1f);
        (sample[(7 * 3) + 1], sample[(8 * 3) + 1]) = (90, 80);
        foreach (var (preprocessing, name) in new (SamplePreprocessing, string)[] { (new SeriesPreprocessing { Rows = Rows, Steps = 20, Stride = 5 }, "c1"), (new ArrayPreprocessing { Shape = [20, 3], Offsets = [0], Scales = [1] }, "channel 2") })
        {
            var explanation = Make(preprocessing).Explain(sample)[0];
            Assert.Equal(name, explanation.Columns[0].Column);
            Assert.Equal(3, explanation.Columns.Count);
            Assert.InRange(explanation.Steps!.First, 7, 8);
            Assert.InRange(explanation.Steps.Last, 7, 8);
            Assert.StartsWith($"step{(explanation.Steps.First == explanation.Steps.Last ? "" : "s")} {explanation.Steps.First + 1}", explanation.Summary(3), StringComparison.Ordinal);
            Assert.Contains($" of 20: {name} ", explanation.Summary(3), StringComparison.Ordinal);
            Assert.Equal(explanation.Score, explanation.Columns.Sum(column => column.Contribution), 1e-6 * explanation.Score);
        }
    }

    [Fact]
    public void A_picture_is_explained_by_a_box()
    {
        var sample = new float[64];
        (sample[(2 * 8) + 4], sample[(3 * 8) + 4]) = (50, 50);
        var explanation = Make(new ArrayPreprocessing { Shape = [1, 8, 8], Offsets = [0], Scales = [1] }).Explain(sample)[0];
        Assert.Equal((4, 2, 1, 2), (explanation.Box!.Value.Left, explanation.Box.Value.Top, explanation.Box.Value.Width, explanation.Box.Value.Height));
        Assert.Equal("columns 5 to 5, rows 3 to 4", explanation.Summary(3));
        Assert.Null(explanation.Steps);
    }
}
