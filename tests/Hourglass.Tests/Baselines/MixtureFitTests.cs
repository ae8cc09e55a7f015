using Hourglass.Baselines;
using static TorchSharp.torch;

namespace Hourglass.Tests.Baselines;

/// <summary>A mixture is what expectation-maximisation written out with the engine gives.</summary>
public sealed class MixtureFitTests
{
    private const double Ridge = 0.01;

    // One component, a feature short of a tile; several in a piece and a bit; many features in some pieces.
    [Theory]
    [InlineData(40, 3, 1)]
    [InlineData(300, 5, 2)]
    [InlineData(1100, 17, 4)]
    public void Weights_means_and_factors_are_those_of_the_engine(int count, int size, int components)
    {
        using var scope = NewDisposeScope();
        var (samples, centres, chosen) = Draw(count, size, components);
        var (weights, means, factors) = new MixtureFit(samples, size).Run(centres, chosen, Ridge);
        var (wantedWeights, wantedMeans, wantedFactors) = ByEngine(tensor(samples, count, size), nn.functional.one_hot(tensor(chosen), components).to(ScalarType.Float64));
        AssertNear(wantedWeights, weights);
        AssertNear(wantedMeans, means);
        AssertNear(wantedFactors, factors);
    }

    private static (double[] Samples, double[] Centres, long[] Chosen) Draw(int count, int size, int components)
    {
        var random = new Random(count);
        var centres = Enumerable.Range(0, components * size).Select(_ => (random.NextDouble() * 8) - 4).ToArray();
        var chosen = Enumerable.Range(0, count).Select(_ => random.NextInt64(components)).ToArray();
        var samples = Enumerable.Range(0, count * size).Select(place => centres[((int)chosen[place / size] * size) + (place % size)] + random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5).ToArray();
        return (samples, centres, chosen);
    }

    private static (Tensor Weights, Tensor Means, Tensor Factors) ByEngine(Tensor data, Tensor shares)
    {
        var (weights, means, factors, previous) = (ones(1), ones(1), Array.Empty<Tensor>(), double.NegativeInfinity);
        for (var iteration = 0; iteration < 60; iteration++)
        {
            var mass = shares.sum([0L]) + 1e-9;
            (weights, means) = (mass / mass.sum(), shares.t().matmul(data) / mass.unsqueeze(1));
            factors = [.. Enumerable.Range(0, (int)mass.shape[0]).Select(component =>
            {
                var centred = data - means[component];
                return linalg.cholesky((centred.t().matmul(centred * shares.narrow(1, component, 1)) / mass[component]) + (eye(data.shape[1], dtype: ScalarType.Float64) * Ridge));
            })];
            var joint = stack([.. factors.Select((factor, component) => weights[component].log() - (0.5 * linalg.solve(factor, (data - means[component]).t()).square().sum([0L]))
                - factor.diagonal().log().sum() - (0.5 * data.shape[1] * Math.Log(2 * Math.PI)))], 1);
            var total = joint.logsumexp(1, keepdim: true);
            shares = (joint - total).exp();
            if (total.mean().item<double>() - previous < 1e-6)
            {
                break;
            }

            previous = total.mean().item<double>();
        }

        return (weights, means, stack(factors));
    }

    private static void AssertNear(Tensor wanted, float[] given) => Assert.All(wanted.flatten().data<double>().ToArray().Zip(given), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * Math.Max(1, Math.Abs(pair.First))));
}
