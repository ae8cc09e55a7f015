using System.Text.Json.Serialization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hourglass.Bottlenecks;

/// <summary>What stands between encoder and decoder; it owns the map from features to latents and what they cost.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(DeterministicOptions), "deterministic")]
[JsonDerivedType(typeof(GaussianOptions), "gaussian")]
[JsonDerivedType(typeof(TopKOptions), "top-k")]
[JsonDerivedType(typeof(BatchTopKOptions), "batch-top-k")]
[JsonDerivedType(typeof(JumpReluOptions), "jump-relu")]
[JsonDerivedType(typeof(GatedOptions), "gated")]
[JsonDerivedType(typeof(VectorQuantisedOptions), "vector-quantised")]
[JsonDerivedType(typeof(FiniteScalarOptions), "finite-scalar")]
[JsonDerivedType(typeof(BinaryOptions), "binary")]
[JsonDerivedType(typeof(AdversarialLatentOptions), "adversarial")]
[JsonDerivedType(typeof(WassersteinOptions), "wasserstein")]
[JsonDerivedType(typeof(OpenOptions), "open")]
public abstract record BottleneckOptions
{
    /// <summary>Whether samples can be drawn from a prior of the latents that is part of the model.</summary>
    [JsonIgnore]
    public virtual bool HasPrior => false;

    /// <summary>Whether the last weights are kept instead of those of the lowest validation loss, which says little where two players compete.</summary>
    [JsonIgnore]
    internal virtual bool KeepsLastWeights => false;

    /// <summary>Epochs before the penalty has its full weight; early stopping waits for them.</summary>
    [JsonIgnore]
    internal virtual double SettlingEpochs => 0;

    /// <summary>Builds the bottleneck.</summary>
    internal abstract Bottleneck Build(int featureSize, int latentSize, InputOptions input);

    /// <summary>What is wrong with the choice, given the rest of the options.</summary>
    internal abstract IEnumerable<string> Faults(AutoencoderOptions options);

    /// <summary>Weights beyond the map from features, at least.</summary>
    internal virtual UInt128 WeightCount(AutoencoderOptions options) => 0;

    private protected static IEnumerable<string> NegativeFaults(string kind, params (string Name, double Value)[] numbers) =>
        numbers.Where(number => !(number.Value >= 0) || !double.IsFinite(number.Value)).Select(number => $"bottleneck {kind}: {number.Name} must be 0 or more, got {number.Value}.");
}

/// <summary>From features to latents, with a penalty.</summary>
/// <param name="name">Name among the model's parameters.</param>
public abstract class Bottleneck(string name) : nn.Module(name)
{
    /// <summary>The linear map from features to latents (for a Gaussian, to their mean), which a tied decoder uses backwards; null where there is none.</summary>
    public virtual Linear? Projection => null;

    /// <summary>Maps features to latents.</summary>
    /// <param name="features">[batch, feature].</param>
    /// <param name="context">Noise in training, none in evaluation.</param>
    public abstract Latent Forward(Tensor features, StepContext context);

    /// <summary>Draws latents from the prior.</summary>
    /// <param name="count">How many.</param>
    /// <param name="noise">Source of randomness.</param>
    /// <returns>[count, latent]; null where there is no prior.</returns>
    public virtual Tensor? SamplePrior(long count, Generator noise) => null;

    /// <summary>Told once, before the first step, what features look like; codebooks and dictionaries start from data.</summary>
    /// <param name="features">Makes them when asked, [sample, feature].</param>
    /// <param name="samples">[sample, ...sample shape].</param>
    /// <param name="noise">Source of randomness.</param>
    internal virtual void Initialize(Func<Tensor> features, Tensor samples, Generator noise)
    {
    }

    /// <summary>Named figures of many samples' latents: how many units are used.</summary>
    /// <param name="latents">[sample, latent], from evaluation.</param>
    internal virtual IEnumerable<(string Name, double Value)> Figures(Tensor latents) => [];

    /// <summary>Receives what it may need to run pseudo-samples or unit directions; a delegate, so that nothing is registered twice.</summary>
    internal virtual void Attach(Func<Tensor, Tensor> encode, Func<Linear?> dictionary)
    {
    }

    /// <summary>After the gradients are complete, before the step.</summary>
    internal virtual void ConstrainGradients()
    {
    }

    /// <summary>After the step.</summary>
    internal virtual void ConstrainWeights()
    {
    }
}

/// <summary>Latents and their cost.</summary>
/// <param name="Values">[draws * batch, latent]: all samples' first draws, then their second ones.</param>
/// <param name="Penalty">In nats where it is a divergence, [draws * batch].</param>
public readonly record struct Latent(Tensor Values, Tensor Penalty)
{
    /// <summary>Latents drawn for each sample; more than one for an importance-weighted bound.</summary>
    public int Draws { get; init; } = 1;

    /// <summary>The same values still joined to the encoder, where <see cref="Values"/> are cut off from it so that the gradient between them can be weighted; else null.</summary>
    internal Tensor? Source { get; init; }

    /// <summary>Latents of units that are revived by predicting the remaining error, [batch, latent]; null for none.</summary>
    internal Tensor? Auxiliary { get; init; }

    /// <summary>Whether the auxiliary latents predict the whole sample, through a frozen decoder, instead of the remaining error.</summary>
    internal bool AuxiliaryIsWhole { get; init; }

    /// <summary>Weight of that prediction's error.</summary>
    internal double AuxiliaryWeight { get; init; }
}
