using System.Runtime.InteropServices;
using Hourglass.Bundles;
using Hourglass.Data.Stores;
using static TorchSharp.torch;

namespace Hourglass.Baselines;

/// <summary>A density fitted to a trained model's latents, so that new ones can be drawn.</summary>
public abstract class LatentDensity
{
    private const int MaximumLatents = 256; // full covariances of more cost more than the model
    private const int Samples = 20_000;
    private const string Prefix = "density.";

    /// <summary>The word after --density.</summary>
    public abstract string Name { get; }

    /// <summary>Draws latents.</summary>
    /// <param name="count">How many.</param>
    /// <param name="seed">Seed.</param>
    /// <returns>Float32, [count, latent].</returns>
    public abstract Tensor Sample(int count, int seed);

    /// <summary>Fits all densities that suit a model.</summary>
    /// <param name="trained">The model.</param>
    /// <param name="samples">Model inputs.</param>
    /// <param name="training">Samples that trained.</param>
    internal static IReadOnlyList<LatentDensity> Fit(TrainedAutoencoder trained, SampleStore samples, long[] training)
    {
        if (trained.LatentSize > MaximumLatents)
        {
            return [];
        }

        using var scope = NewDisposeScope();
        var latents = trained.Latents(samples, training.AsMemory(0, Math.Min(Samples, training.Length)));
        var seed = trained.Model.Options.Training.Seed;
        if (trained.Model.Bottleneck is Bottlenecks.IDiscreteBottleneck discrete)
        {
            using var noGrad = no_grad();
            return [SymbolPrior.Fit(discrete.Symbols(latents), ((Bottlenecks.IDiscreteOptions)trained.Model.Options.Bottleneck).Symbols, seed)];
        }

        return trained.Model.Options.Bottleneck is Bottlenecks.SparseOptions ? []
            : [GaussianMixture.FitDiagonal(latents), GaussianMixture.Fit(latents, 1, seed), GaussianMixture.Fit(latents, seed: seed)];
    }

    /// <summary>For the bundle.</summary>
    internal static IEnumerable<StoredTensor> ToStored(IReadOnlyList<LatentDensity> densities) =>
        densities.SelectMany(density => density.Tensors().Select(tensor => tensor.Named($"{Prefix}{density.Name}.{tensor.Name}")));

    /// <summary>Whether a stored tensor is a density's.</summary>
    internal static bool Owns(string name) => name.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>From the bundle.</summary>
    internal static IReadOnlyList<LatentDensity> FromStored(IReadOnlyDictionary<string, StoredTensor> tensors, AutoencoderOptions options)
    {
        var found = new List<LatentDensity>();
        foreach (var group in tensors.Values.Where(tensor => Owns(tensor.Name)).GroupBy(tensor => tensor.Name[Prefix.Length..].Split('.')[0], StringComparer.Ordinal))
        {
            var own = group.ToDictionary(tensor => tensor.Name[(Prefix.Length + group.Key.Length + 1)..], StringComparer.Ordinal);
            found.Add(group.Key switch
            {
                GaussianMixture.DiagonalName or GaussianMixture.FullName or GaussianMixture.MixtureName => GaussianMixture.FromTensors(group.Key, own, options.LatentSize!.Value),
                SymbolPrior.SymbolName => SymbolPrior.FromTensors(own, options),
                var other => throw new BundleException($"The weights hold a density '{other}' that this version does not know. The file is altered or newer."),
            });
        }

        return found;
    }

    /// <summary>What is stored, under names of its own.</summary>
    internal abstract IEnumerable<StoredTensor> Tensors();

    private protected static float[] Floats(Tensor values) => MemoryMarshal.Cast<byte, float>(values.to(ScalarType.Float32).contiguous().bytes).ToArray();
}
