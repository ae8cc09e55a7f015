using Hourglass.Corruption;
using static TorchSharp.torch;

namespace Hourglass.Bottlenecks;

/// <summary>No bottleneck: the decoder sees all the encoder's features. For denoising, where the corruption is what must be undone.</summary>
/// <remarks>Refused without a corruption or masked patches, because the identity would be learnt.</remarks>
public sealed record OpenOptions : BottleneckOptions
{
    internal override Bottleneck Build(int featureSize, int latentSize, InputOptions input) => featureSize == latentSize
        ? new Open()
        : throw new OptionsException([$"bottleneck open: latentSize must be the encoder's {featureSize} features, got {latentSize}. Leave --latent out."]);

    internal override IEnumerable<string> Faults(AutoencoderOptions options)
    {
        if (options.Corruption is NoCorruptionOptions && options.Network is not { HidesInput: true })
        {
            yield return "bottleneck open lets everything through, so that without a corruption the model would learn to copy. Add --corruption, for instance gaussian:0.1, or choose a bottleneck.";
        }

        if (options.Network is Networks.Dense.DenseNetworkOptions { TiedWeights: true })
        {
            yield return "bottleneck open has no weights to tie. Leave --tied-weights out.";
        }
    }
}

/// <summary>Features are the latents.</summary>
internal sealed class Open() : Bottleneck(nameof(Open))
{
    public override Latent Forward(Tensor features, StepContext context) => new(features, zeros(features.shape[0], dtype: features.dtype, device: features.device));
}
