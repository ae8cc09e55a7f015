using Hourglass.Baselines;
using Hourglass.Evaluation;
using static TorchSharp.torch;

namespace Hourglass.Tests.Evaluation;

public sealed class ComparisonTests
{
    [Fact]
    public void The_interval_holds_the_mean_and_is_as_wide_as_theory_says()
    {
        var random = new Random(1);
        var first = Enumerable.Range(0, 1000).Select(_ => random.NextDouble()).ToArray();
        var difference = PairedBootstrap.Compare(first, new double[1000]);
        Assert.InRange(difference.Mean, difference.Low, difference.High);
        Assert.Equal(2 * 1.96 * Math.Sqrt(1 / 12.0 / 1000), difference.High - difference.Low, 0.004);
    }

    [Theory]
    [InlineData(1.0, 2.0, "autoencoder")]
    [InlineData(2.0, 1.0, "pca")]
    [InlineData(1.0, 1.0, "pca")]
    public void The_verdict_goes_to_the_lower_error_and_to_PCA_in_doubt(double autoencoder, double pca, string verdict) =>
        Assert.Equal(verdict, PcaComparison.Of([.. Enumerable.Repeat(autoencoder, 9)], [.. Enumerable.Repeat(pca, 9)], 1).Verdict);

    [Fact]
    public void Beside_a_PCA_that_is_all_but_exact_the_advice_gives_no_endless_ratio() =>
        Assert.Contains("more than 100 times that of PCA", PcaComparison.Of([0.3, 0.4, 0.2], [1e-15, 2e-15, 1e-15], 1).Advice, StringComparison.Ordinal);

    [Fact]
    public void A_mixture_finds_planted_centres_and_samples_near_them()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(4);
        var data = cat([(randn([400, 2], generator: generator) * 0.1) + 3, (randn([400, 2], generator: generator) * 0.1) - 3], 0);
        var mixture = GaussianMixture.Fit(data, 2);
        Assert.Equal([-3f, 3f], new[] { mixture.Means[0], mixture.Means[2] }.Order().Select(value => MathF.Round(value)));
        var drawn = mixture.Sample(200, 1);
        Assert.True((drawn.abs() - 3).abs().max().item<float>() < 1);
        Assert.InRange(drawn.gt(0).to(ScalarType.Float32).mean().item<float>(), 0.35f, 0.65f);
    }
}
