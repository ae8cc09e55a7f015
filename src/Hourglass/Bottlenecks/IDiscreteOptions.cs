using static TorchSharp.torch;

namespace Hourglass.Bottlenecks;

/// <summary>A bottleneck whose latents are symbols of a finite alphabet, so that a prior over sequences of symbols can be learnt.</summary>
internal interface IDiscreteOptions
{
    /// <summary>Size of the alphabet.</summary>
    int Symbols { get; }
}

/// <summary>Between latents and symbols.</summary>
internal interface IDiscreteBottleneck
{
    /// <summary>Symbols of latents.</summary>
    /// <param name="latents">[sample, latent].</param>
    /// <returns>Int64, [sample, place].</returns>
    Tensor Symbols(Tensor latents);

    /// <summary>Latents of symbols.</summary>
    /// <param name="symbols">Int64, [sample, place].</param>
    /// <returns>[sample, latent].</returns>
    Tensor Latents(Tensor symbols);
}
