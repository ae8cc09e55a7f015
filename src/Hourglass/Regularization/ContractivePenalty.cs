using Hourglass.Engine;
using static TorchSharp.torch;

namespace Hourglass.Regularization;

/// <summary>Squared Frobenius norm of a Jacobian, mean over samples, differentiable.</summary>
internal static class ContractivePenalty
{
    /// <summary>|d output / d input|^2: exactly, an output at a time, or by E |v J|^2 over random signs v (Hutchinson).</summary>
    /// <param name="map">From [batch, ...] to [batch, output].</param>
    /// <param name="place">Where it is taken, [batch, ...].</param>
    /// <param name="probes">Random directions; null for the exact norm.</param>
    /// <param name="context">Source of the directions.</param>
    public static Tensor Compute(Func<Tensor, Tensor> map, Tensor place, int? probes, StepContext context)
    {
        var input = place.detach().requires_grad_(true);
        var outputs = map(input); // [batch, output]
        var total = zeros(1, dtype: place.dtype, device: place.device).squeeze();
        var passes = probes ?? (int)outputs.shape[1];
        for (var pass = 0; pass < passes; pass++)
        {
            var direction = probes is null
                ? zeros_like(outputs).index_fill_(1, tensor(new long[] { pass }, device: outputs.device), HeldScalar.Of(1))
                : (context.Uniform(outputs.shape, outputs).ge(HeldScalar.Of(0.5)) * HeldScalar.Of(2)) - HeldScalar.Of(1);
            var gradient = autograd.grad([outputs], [input], [direction], retain_graph: true, create_graph: true)[0];
            total += gradient.Squared().sum();
        }

        return total * HeldScalar.Of(1.0 / place.shape[0] / (probes ?? 1));
    }
}
