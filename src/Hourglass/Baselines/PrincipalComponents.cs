using System.Runtime.InteropServices;
using Hourglass.Bundles;
using Hourglass.Data.Stores;
using Hourglass.Engine;
using static TorchSharp.torch;

namespace Hourglass.Baselines;

/// <summary>Principal component analysis over a sample store, in blocks, so that memory does not grow with the samples.</summary>
/// <remarks>Up to <see cref="ExactFeatures"/> features: eigenvectors of the covariance. Above: a randomised
/// range finder with power iterations (Halko, Martinsson and Tropp 2011, https://arxiv.org/abs/0909.4061, algorithm 4.4).</remarks>
public sealed class PrincipalComponents
{
    /// <summary>Most features for the exact method.</summary>
    public const int ExactFeatures = 3000;

    private const int Oversampling = 10;
    private const int PowerIterations = 4;

    private PrincipalComponents(float[] mean, float[] components, int count)
    {
        (Mean, Components, Count) = (mean, components, count);
    }

    /// <summary>Mean of each feature.</summary>
    public float[] Mean { get; }

    /// <summary>Unit vectors, most variance first, [component, feature] row-major; each one's largest entry is positive.</summary>
    public float[] Components { get; }

    /// <summary>Components kept.</summary>
    public int Count { get; }

    /// <summary>Features.</summary>
    public int FeatureCount => Mean.Length;

    /// <summary>Fits on chosen samples.</summary>
    /// <param name="samples">The store.</param>
    /// <param name="indices">Samples to fit on.</param>
    /// <param name="components">Components wished for; at most as many as features or samples are kept.</param>
    /// <param name="seed">Seed of the randomised method.</param>
    public static PrincipalComponents Fit(SampleStore samples, ReadOnlyMemory<long> indices, int components, int seed = 1)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (features, count) = (samples.SampleLength, Math.Min(components, Math.Min(samples.SampleLength, Math.Max(1, indices.Length - 1))));
        var (mean, basis) = features <= ExactFeatures ? Exact(samples, indices, count) : Randomised(new StoreBlocks(samples, indices), indices.Length, count, seed); // float64
        var signs = basis.gather(1, basis.abs().max(1, keepdim: true).indexes).sign(); // [component, 1]
        var fixedSigns = (basis * where(signs.eq(0), ones_like(signs), signs)).to(ScalarType.Float32).contiguous();
        return new PrincipalComponents(
            MemoryMarshal.Cast<byte, float>(mean.to(ScalarType.Float32).contiguous().bytes).ToArray(), MemoryMarshal.Cast<byte, float>(fixedSigns.bytes).ToArray(), count);
    }

    /// <summary>Squared reconstruction error per value of each chosen sample.</summary>
    /// <param name="samples">The store.</param>
    /// <param name="indices">Samples to measure.</param>
    public double[] SquaredErrors(SampleStore samples, ReadOnlyMemory<long> indices)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (mean, components) = Tensors();
        var errors = new List<double>();
        new StoreBlocks(samples, indices).Each(block =>
        {
            var centred = block - mean;
            var reconstruction = centred.matmul(components.t()).matmul(components);
            errors.AddRange(MemoryMarshal.Cast<byte, float>((centred - reconstruction).Squared().mean([1L]).contiguous().bytes).ToArray().Select(error => (double)error));
        });
        return [.. errors];
    }

    /// <summary>Projects samples.</summary>
    /// <param name="samples">Float32, [batch, feature].</param>
    /// <returns>[batch, component].</returns>
    public Tensor Encode(Tensor samples)
    {
        using var scope = NewDisposeScope();
        var (mean, components) = Tensors();
        return (samples.flatten(1) - mean).matmul(components.t()).MoveToOuterDisposeScope();
    }

    /// <summary>Goes back from projections.</summary>
    /// <param name="latents">Float32, [batch, component].</param>
    /// <returns>[batch, feature].</returns>
    public Tensor Decode(Tensor latents)
    {
        using var scope = NewDisposeScope();
        var (mean, components) = Tensors();
        return (latents.matmul(components) + mean).MoveToOuterDisposeScope();
    }

    /// <summary>For the bundle.</summary>
    internal IEnumerable<StoredTensor> ToStored() =>
        [new("pca.mean", [Mean.Length], Mean), new("pca.components", [Count, Mean.Length], Components)];

    /// <summary>From the bundle; null where it holds none.</summary>
    internal static PrincipalComponents? FromStored(IReadOnlyDictionary<string, StoredTensor> tensors, int features) =>
        !tensors.TryGetValue("pca.mean", out var mean) || !tensors.TryGetValue("pca.components", out var components) ? null
        : mean.Floats.Length == features && components.Shape is [var count, var width] && width == features
            ? new PrincipalComponents(mean.Floats, components.Floats, (int)count)
            : throw new BundleException($"pca.components of shape [{string.Join(", ", components.Shape)}] does not fit {features} features. The file is altered.");

    private (Tensor Mean, Tensor Components) Tensors() => (tensor(Mean), tensor(Components, Count, FeatureCount));

    private static (Tensor Mean, Tensor Basis) Exact(SampleStore samples, ReadOnlyMemory<long> indices, int count)
    {
        var (mean, scatter) = Covariance.Of(samples, indices, get_num_threads());
        var (_, vectors) = linalg.eigh(scatter); // ascending
        return (mean, vectors.flip(1).narrow(1, 0, count).t());
    }

    private static (Tensor Mean, Tensor Basis) Randomised(StoreBlocks blocks, long samples, int count, int seed)
    {
        using var generator = new Generator((ulong)(uint)seed);
        var mean = blocks.Sum(block => block.sum([0L]), blocks.Features) / samples;
        var (features, width) = (mean.shape[0], Math.Min(count + Oversampling, mean.shape[0]));
        var range = linalg.qr(randn([features, width], dtype: ScalarType.Float64, generator: generator)).Q;
        for (var iteration = 0; iteration < PowerIterations; iteration++)
        {
            var current = range;
            range = linalg.qr(Times(current)).Q;
        }

        var small = range.t().matmul(Times(range));
        var (_, vectors) = linalg.eigh((small + small.t()) / 2);
        return (mean, range.matmul(vectors.flip(1).narrow(1, 0, count)).t());

        Tensor Times(Tensor directions) => blocks.Sum(
            block =>
            {
                var centred = block - mean;
                return centred.t().matmul(centred.matmul(directions));
            },
            features, width);
    }
}
