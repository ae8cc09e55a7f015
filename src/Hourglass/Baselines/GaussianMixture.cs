using System.Runtime.InteropServices;
using Hourglass.Bundles;
using Hourglass.Engine;
using static TorchSharp.torch;

namespace Hourglass.Baselines;

/// <summary>A mixture of normal distributions with full covariance, fitted to latents so that new ones can be drawn.</summary>
/// <remarks>Expectation-maximisation from k-means++ centres (Dempster et al. 1977; Arthur and Vassilvitskii 2007). Sampling a plain
/// autoencoder from a 10-component mixture: Ghosh et al. 2020, https://arxiv.org/abs/1903.12436.</remarks>
public sealed class GaussianMixture : LatentDensity
{
    internal const string DiagonalName = "gaussian";
    internal const string FullName = "full-covariance";
    internal const string MixtureName = "mixture";

    private const double Ridge = 1e-4; // share of the latents' mean variance added to each diagonal

    private GaussianMixture(string name, float[] weights, float[] means, float[] factors, int components, int size) =>
        (Name, Weights, Means, Factors, Components, Size) = (name, weights, means, factors, components, size);

    /// <inheritdoc/>
    public override string Name { get; }

    /// <summary>Share of each component.</summary>
    public float[] Weights { get; }

    /// <summary>[component, latent].</summary>
    public float[] Means { get; }

    /// <summary>Lower Cholesky factors of the covariances, [component, latent, latent].</summary>
    public float[] Factors { get; }

    /// <summary>Number of components.</summary>
    public int Components { get; }

    /// <summary>Length of a latent.</summary>
    public int Size { get; }

    /// <summary>Fits a mixture.</summary>
    /// <param name="latents">Float32, [sample, latent].</param>
    /// <param name="components">Components; fewer when there are few samples.</param>
    /// <param name="seed">Seed of the starting centres.</param>
    public static GaussianMixture Fit(Tensor latents, int components = 10, int seed = 1)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var threads = EngineThreads.One(); // so little work at a time that a second thread of the engine would only spin, where ours have work
        var data = latents.to(ScalarType.Float64);
        var (count, size) = (data.shape[0], (int)data.shape[1]);
        var wanted = components;
        components = (int)Math.Clamp(count / (2 * (size + 1)), 1, components);
        var ridge = ((data - data.mean([0L])).Squared().mean().item<double>() * Ridge) + 1e-9;
        var centres = Centres(data, components, seed);
        var chosen = MemoryMarshal.Cast<byte, long>(cdist(data, centres).min(1).indexes.contiguous().bytes).ToArray();
        var (weights, means, factors) = new MixtureFit(Doubles(data), size).Run(Doubles(centres), chosen, ridge);
        return new GaussianMixture(wanted == 1 ? FullName : MixtureName, weights, means, factors, components, size);
    }

    /// <summary>One normal distribution with a variance for each latent.</summary>
    /// <param name="latents">Float32, [sample, latent].</param>
    public static GaussianMixture FitDiagonal(Tensor latents)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var size = (int)latents.shape[1];
        var deviations = ((latents - latents.mean([0L])).Squared().mean([0L]) + 1e-12).sqrt();
        return new GaussianMixture(DiagonalName, [1], Floats(latents.mean([0L])), Floats(deviations.diag()), 1, size);
    }

    /// <inheritdoc/>
    public override Tensor Sample(int count, int seed)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)(uint)seed);
        var cumulative = tensor(Weights).cumsum(0);
        var chosen = (rand(count, 1, generator: generator) * cumulative[^1]).gt(cumulative).sum(1).clamp(0, Components - 1); // [count]
        var noise = randn([count, Size, 1], generator: generator);
        var factors = tensor(Factors, Components, Size, Size).index_select(0, chosen);
        return (tensor(Means, Components, Size).index_select(0, chosen) + factors.matmul(noise).squeeze(2)).MoveToOuterDisposeScope();
    }

    internal override IEnumerable<StoredTensor> Tensors() =>
        [new("weights", [Components], Weights), new("means", [Components, Size], Means), new("factors", [Components, Size, Size], Factors)];

    /// <summary>From the bundle.</summary>
    internal static GaussianMixture FromTensors(string name, IReadOnlyDictionary<string, StoredTensor> tensors, int size)
    {
        if (!tensors.TryGetValue("weights", out var weights) || !tensors.TryGetValue("means", out var means) || !tensors.TryGetValue("factors", out var factors))
        {
            throw new BundleException($"The density '{name}' lacks weights, means or factors. The file is altered.");
        }

        var components = weights.Floats.Length;
        return components > 0 && means.Floats.Length == (long)components * size && factors.Floats.Length == (long)components * size * size
            ? new GaussianMixture(name, weights.Floats, means.Floats, factors.Floats, components, size)
            : throw new BundleException($"The density '{name}' with means of shape [{string.Join(", ", means.Shape)}] does not fit {components} components of {size} latents. The file is altered.");
    }

    private static Tensor Centres(Tensor data, int components, int seed)
    {
        var random = new Random(seed);
        var centres = new List<Tensor> { data[random.NextInt64(data.shape[0])] };
        while (centres.Count < components)
        {
            var distances = cdist(data, stack(centres)).min(1).values.Squared().cumsum(0);
            centres.Add(data[distances.lt(random.NextDouble() * distances[^1].item<double>()).sum().clamp(0, data.shape[0] - 1).item<long>()]);
        }

        return stack(centres);
    }

    private static ReadOnlySpan<double> Doubles(Tensor values) => MemoryMarshal.Cast<byte, double>(values.contiguous().bytes);
}
