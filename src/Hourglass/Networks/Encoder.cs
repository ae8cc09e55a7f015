using static TorchSharp.torch;

namespace Hourglass.Networks;

/// <summary>From samples to features, from which the bottleneck makes latents.</summary>
/// <param name="name">Name among the model's parameters.</param>
public abstract class Encoder(string name) : nn.Module(name)
{
    /// <summary>Features for each sample.</summary>
    public abstract int FeatureSize { get; }

    /// <summary>Encodes.</summary>
    /// <param name="samples">[batch, ...sample shape].</param>
    /// <param name="context">Noise for dropout, in training.</param>
    /// <returns>[batch, feature].</returns>
    public abstract Tensor Forward(Tensor samples, StepContext context);

    /// <summary>What of the samples the features were made from, for pictures: an encoder that hides parts shows them empty.</summary>
    /// <param name="samples">[batch, ...sample shape].</param>
    /// <param name="features">What <see cref="Forward"/> made of them.</param>
    /// <returns>Same shape as the samples.</returns>
    public virtual Tensor Seen(Tensor samples, Tensor features) => samples;
}

/// <summary>From latents to reconstructions.</summary>
/// <param name="name">Name among the model's parameters.</param>
public abstract class Decoder(string name) : nn.Module(name)
{
    /// <summary>The first linear map, whose columns are the latents' directions; null where there is none.</summary>
    public virtual TorchSharp.Modules.Linear? Dictionary => null;

    /// <summary>Decodes.</summary>
    /// <param name="latents">[batch, latent].</param>
    /// <param name="context">Noise for dropout, in training.</param>
    /// <returns>[batch, value], before the objective's own squashing.</returns>
    public abstract Tensor Forward(Tensor latents, StepContext context);
}
