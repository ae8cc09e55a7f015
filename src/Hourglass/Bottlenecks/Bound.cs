using Hourglass.Engine;
using static TorchSharp.torch;

namespace Hourglass.Bottlenecks;

/// <summary>From distances and penalties to the number that is minimised.</summary>
internal static class Bound
{
    /// <summary>Mean over samples of distance plus penalty; with several draws a sample, the importance-weighted bound.</summary>
    /// <param name="distance">[draws * batch].</param>
    /// <param name="latent">Penalties, [draws * batch].</param>
    /// <returns>A scalar, in nats per sample.</returns>
    public static Tensor Loss(Tensor distance, Latent latent)
    {
        if (latent.Draws == 1)
        {
            return (distance + latent.Penalty).mean();
        }

        var logWeights = -(distance + latent.Penalty).view(latent.Draws, -1); // [draw, batch]
        var bound = -(logWeights.logsumexp(0) - HeldScalar.Of(Math.Log(latent.Draws))).mean();
        return latent.Source is null ? bound : DoublyReparameterized(logWeights, bound, latent);
    }

    // Tucker et al. 2019, equation 8: the decoder's and the prior's gradients weigh each draw by its normalised weight, what reaches the encoder by
    // its square. The value is the bound's; the gradients are those of the two sums, whose values cancel.
    private static Tensor DoublyReparameterized(Tensor logWeights, Tensor bound, Latent latent)
    {
        var weights = logWeights.detach().softmax(0);
        var model = -(weights * logWeights).sum([0L]).mean();
        var reaching = autograd.grad([model], [latent.Values], retain_graph: true)[0] * weights.flatten().unsqueeze(1);
        var encoder = (latent.Source! * reaching.detach()).sum();
        return bound.detach() + (model - model.detach()) + (encoder - encoder.detach());
    }
}
