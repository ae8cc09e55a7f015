using System.Text.Json.Serialization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hourglass.Bottlenecks;

/// <summary>What stands between encoder and decoder; it owns the map from features to latents and what they cost.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(DeterministicOptions), "deterministic")]
[JsonDerivedType(typeof(GaussianOptions), "gaussian")]
public abstract record BottleneckOptions
{
    /// <summary>Whether samples can be drawn from the prior N(0, I) of the latents.</summary>
    [JsonIgnore]
    public virtual bool HasPrior => false;

    /// <summary>Builds the bottleneck.</summary>
    internal abstract Bottleneck Build(int featureSize, int latentSize);

    /// <summary>What is wrong with the choice.</summary>
    internal abstract IEnumerable<string> Faults();
}

/// <summary>From features to latents, with a penalty.</summary>
/// <param name="name">Name among the model's parameters.</param>
public abstract class Bottleneck(string name) : nn.Module(name)
{
    /// <summary>The linear map from features to latents (for a Gaussian, to their mean), which a tied decoder uses backwards.</summary>
    public abstract Linear Projection { get; }

    /// <summary>Maps features to latents.</summary>
    /// <param name="features">[batch, feature].</param>
    /// <param name="context">Noise in training, none in evaluation.</param>
    public abstract Latent Forward(Tensor features, StepContext context);
}

/// <summary>Latents and their cost.</summary>
/// <param name="Values">[batch, latent].</param>
/// <param name="Penalty">In nats where it is a divergence, [batch].</param>
public readonly record struct Latent(Tensor Values, Tensor Penalty);
