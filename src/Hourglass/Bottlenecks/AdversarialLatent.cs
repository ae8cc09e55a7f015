using Hourglass.Engine;
using Hourglass.Networks;
using Hourglass.Networks.Dense;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Hourglass.Bottlenecks;

/// <summary>A discriminator makes the latents of all samples together look like draws from N(0, I): an adversarial autoencoder.</summary>
/// <remarks>Makhzani et al. 2016, https://arxiv.org/abs/1511.05644.</remarks>
public sealed record AdversarialLatentOptions : BottleneckOptions
{
    /// <summary>Weight of the encoder's side of the game, in nats per sample.</summary>
    public double Weight { get; init; } = 10;

    /// <summary>Widths of the discriminator's hidden layers.</summary>
    public IReadOnlyList<int> DiscriminatorHidden { get; init; } = [256, 256];

    /// <summary>Weight of the discriminator's gradient penalty R1.</summary>
    public double GradientPenalty { get; init; } = 0.1;

    /// <inheritdoc/>
    public override bool HasPrior => true;

    internal override bool KeepsLastWeights => true;

    internal override Bottleneck Build(int featureSize, int latentSize, InputOptions input) => new AdversarialLatent(this, featureSize, latentSize);

    internal override IEnumerable<string> Faults(AutoencoderOptions options) =>
        NegativeFaults("adversarial", ("weight", Weight), ("gradientPenalty", GradientPenalty)).Concat(NetworkOptions.WidthFaults("discriminatorHidden", DiscriminatorHidden));
}

/// <summary>A linear map and the game on its values.</summary>
internal sealed class AdversarialLatent : Bottleneck
{
    private readonly AdversarialLatentOptions _options;
    private readonly Linear _projection;
    private readonly Discriminator _discriminator;

    public AdversarialLatent(AdversarialLatentOptions options, int featureSize, int latentSize)
        : base(nameof(AdversarialLatent))
    {
        _options = options;
        _projection = Linear(featureSize, latentSize);
        _discriminator = new Discriminator(new DenseNetworkOptions { Hidden = options.DiscriminatorHidden }, new InputOptions { Shape = [latentSize], Blocks = [] });
        RegisterComponents();
    }

    public override Linear Projection => _projection;

    public override Latent Forward(Tensor features, StepContext context)
    {
        var values = _projection.call(features);
        if (!context.IsTraining)
        {
            return new Latent(values, zeros(values.shape[0], device: values.device));
        }

        var real = context.Normal(values.shape, values);
        var (discriminator, encoder) = _discriminator.Losses(AdversarialRule.NonSaturating, real, values, _options.GradientPenalty, context);
        return new Latent(values, (discriminator + (encoder * HeldScalar.Of(_options.Weight))).expand(values.shape[0]));
    }

    public override Tensor SamplePrior(long count, Generator noise) => randn([count, _projection.weight!.shape[0]], generator: noise);
}
