using System.Text.Json.Serialization;
using Hourglass.Engine;
using static TorchSharp.torch;

namespace Hourglass.Bottlenecks.Priors;

/// <summary>What the latents of a variational autoencoder are compared with, and drawn from.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(StandardPriorOptions), "standard")]
[JsonDerivedType(typeof(MixturePriorOptions), "mixture")]
[JsonDerivedType(typeof(VampPriorOptions), "vamp")]
[JsonDerivedType(typeof(FlowPriorOptions), "flow")]
public abstract record LatentPriorOptions
{
    /// <summary>Builds the prior.</summary>
    internal abstract LatentPrior Build(int latentSize, InputOptions input);

    /// <summary>What is wrong with the choice.</summary>
    internal virtual IEnumerable<string> Faults() => [];

    /// <summary>Weights, at least.</summary>
    internal virtual UInt128 WeightCount(int latentSize, int sampleLength) => 0;

    private protected static IEnumerable<string> CountFaults(string name, int count, int most)
    {
        if (count < 1 || count > most)
        {
            yield return $"bottleneck gaussian: prior.{name} must be from 1 to {most}, got {count}.";
        }
    }
}

/// <summary>A density over latents that can be evaluated and sampled.</summary>
/// <param name="name">Name among the model's parameters.</param>
internal abstract class LatentPrior(string name) : nn.Module(name)
{
    protected const double HalfLogTwoPi = 0.91893853320467274;

    /// <summary>Logarithm of the density, in nats.</summary>
    /// <param name="latents">[n, latent].</param>
    /// <returns>[n].</returns>
    public abstract Tensor LogDensity(Tensor latents);

    /// <summary>Draws latents.</summary>
    /// <returns>[count, latent].</returns>
    public abstract Tensor Sample(long count, Generator noise);

    /// <summary>Told once what data looks like.</summary>
    public virtual void Initialize(Func<Tensor> means, Tensor samples, Generator noise)
    {
    }
}

/// <summary>N(0, I).</summary>
public sealed record StandardPriorOptions : LatentPriorOptions
{
    internal override LatentPrior Build(int latentSize, InputOptions input) => new StandardPrior(latentSize);
}

/// <summary>N(0, I).</summary>
internal sealed class StandardPrior(int latentSize) : LatentPrior(nameof(StandardPrior))
{
    public override Tensor LogDensity(Tensor latents) =>
        (latents.Squared().sum([1L]) * Engine.HeldScalar.Of(-0.5)) - Engine.HeldScalar.Of(HalfLogTwoPi * latentSize);

    public override Tensor Sample(long count, Generator noise) => randn([count, latentSize], generator: noise);
}
