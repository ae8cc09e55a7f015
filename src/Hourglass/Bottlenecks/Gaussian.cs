using Hourglass.Engine;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Hourglass.Bottlenecks;

/// <summary>Latents are drawn from a diagonal normal distribution, which is charged for its divergence from N(0, I).</summary>
/// <remarks>In training the latent is a draw; in evaluation it is the mean, so that evaluation repeats.
/// Kingma and Welling 2014, https://arxiv.org/abs/1312.6114, equation 10.</remarks>
public sealed record GaussianOptions : BottleneckOptions
{
    /// <summary>Weight of the divergence: 1 is the evidence lower bound, above 1 a beta-VAE (Higgins et al. 2017).</summary>
    public double Beta { get; init; } = 1;

    /// <summary>Epochs over which beta grows from 0. Bowman et al. 2016, https://arxiv.org/abs/1511.06349.</summary>
    public double AnnealingEpochs { get; init; }

    /// <summary>Nats of divergence that each latent has for free. Kingma et al. 2016, https://arxiv.org/abs/1606.04934, section C.8.</summary>
    public double FreeBits { get; init; }

    /// <inheritdoc/>
    public override bool HasPrior => true;

    internal override Bottleneck Build(int featureSize, int latentSize) => new Gaussian(this, featureSize, latentSize);

    internal override IEnumerable<string> Faults()
    {
        foreach (var (name, value) in new[] { ("beta", Beta), ("annealingEpochs", AnnealingEpochs), ("freeBits", FreeBits) })
        {
            if (!(value >= 0) || !double.IsFinite(value))
            {
                yield return $"bottleneck gaussian: {name} must be 0 or more, got {value}.";
            }
        }
    }
}

/// <summary>Two linear maps: to the mean and to the logarithm of the variance.</summary>
internal sealed class Gaussian : Bottleneck
{
    private const double LargestLogVariance = 20; // exp(20) is still finite when squared in float32

    private readonly GaussianOptions _options;
    private readonly Linear _mean;
    private readonly Linear _logVariance;

    public Gaussian(GaussianOptions options, int featureSize, int latentSize)
        : base(nameof(Gaussian))
    {
        _options = options;
        _mean = Linear(featureSize, latentSize);
        _logVariance = Linear(featureSize, latentSize);
        RegisterComponents();
    }

    public override Linear Projection => _mean;

    public override Latent Forward(Tensor features, StepContext context)
    {
        var mean = _mean.call(features);
        var logVariance = _logVariance.call(features).clamp(HeldScalar.Of(-LargestLogVariance), HeldScalar.Of(LargestLogVariance));
        var divergence = (mean.square() + logVariance.exp() - logVariance - HeldScalar.Of(1)) * HeldScalar.Of(0.5); // KL(N(mean, variance) || N(0, 1)), [batch, latent]
        var charged = context.IsTraining && _options.FreeBits > 0
            ? divergence.mean([0L]).clamp_min(HeldScalar.Of(_options.FreeBits)).sum().expand(mean.shape[0])
            : divergence.sum(1);
        var values = context.Noise is { } noise
            ? mean + ((logVariance * HeldScalar.Of(0.5)).exp() * randn(mean.shape, dtype: mean.dtype, device: mean.device, generator: noise))
            : mean;
        return new Latent(values, charged * tensor((float)(_options.Beta * Annealed(context)), device: mean.device));
    }

    private double Annealed(StepContext context) =>
        context.IsTraining && _options.AnnealingEpochs > 0 ? Math.Min(1, context.Epoch / _options.AnnealingEpochs) : 1;
}
