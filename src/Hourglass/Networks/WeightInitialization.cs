using static TorchSharp.torch;

namespace Hourglass.Networks;

/// <summary>Seeded starting weights, drawn from the model's own generator.</summary>
/// <remarks>Glorot uniform; for rectifiers He uniform (https://arxiv.org/abs/1502.01852). Biases start at 0. Normalisation layers keep 1 and 0.
/// Maps that close a residual branch start at 0, so that deep stacks start as the identity (Goyal et al. 2017, https://arxiv.org/abs/1706.02677, section 5.1).</remarks>
internal static class WeightInitialization
{
    public static void Apply(nn.Module model, Activation activation, int seed)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var generator = new Generator((ulong)(uint)seed);
        foreach (var (name, parameter) in model.named_parameters())
        {
            if (parameter.dim() < 2)
            {
                if (name.Contains("bias", StringComparison.Ordinal))
                {
                    parameter.zero_();
                }

                continue;
            }

            if (name.Contains("closing", StringComparison.Ordinal))
            {
                parameter.zero_();
                continue;
            }

            var receptive = parameter.shape.Skip(2).Aggregate(1L, (product, size) => product * size);
            var (fanOut, fanIn) = (parameter.shape[0] * receptive, parameter.shape[1] * receptive);
            var rectifies = activation is Activation.Relu or Activation.LeakyRelu or Activation.Elu or Activation.Gelu or Activation.Silu or Activation.Softplus;
            var isHidden = !name.Contains("mean", StringComparison.Ordinal) && !name.Contains("variance", StringComparison.Ordinal) && !name.Contains("output", StringComparison.Ordinal);
            var bound = rectifies && isHidden ? Math.Sqrt(6.0 / fanIn) : Math.Sqrt(6.0 / (fanIn + fanOut));
            parameter.uniform_(-bound, bound, generator);
        }
    }
}
