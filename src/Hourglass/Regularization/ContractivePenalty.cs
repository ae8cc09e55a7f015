using Hourglass.Engine;
using static TorchSharp.torch;

namespace Hourglass.Regularization;

/// <summary>Squared Frobenius norm of a Jacobian, mean over samples, differentiable.</summary>
internal static class ContractivePenalty
{
    /// <summary>|d latent / d sample|^2: exactly, a latent at a time, or by E |v J|^2 over random signs v (Hutchinson).</summary>
    public static Tensor Compute(Func<Tensor, Tensor> encode, Tensor samples, RegularizationOptions options, Generator noise)
    {
        var input = samples.detach().requires_grad_(true);
        var latents = encode(input); // [batch, latent]
        var total = zeros(1, dtype: samples.dtype, device: samples.device).squeeze();
        var passes = options.ContractiveProbes ?? (int)latents.shape[1];
        for (var pass = 0; pass < passes; pass++)
        {
            var direction = options.ContractiveProbes is null
                ? zeros_like(latents).index_fill_(1, tensor(new long[] { pass }, device: latents.device), HeldScalar.Of(1))
                : (rand(latents.shape, dtype: latents.dtype, device: latents.device, generator: noise).ge(HeldScalar.Of(0.5)) * HeldScalar.Of(2)) - HeldScalar.Of(1);
            var gradient = autograd.grad([latents], [input], [direction], retain_graph: true, create_graph: true)[0];
            total += gradient.square().sum();
        }

        return total * HeldScalar.Of(1.0 / samples.shape[0] / (options.ContractiveProbes ?? 1));
    }
}
