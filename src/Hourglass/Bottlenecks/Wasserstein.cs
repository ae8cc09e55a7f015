using Hourglass.Engine;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Hourglass.Bottlenecks;

/// <summary>The latents of a batch are drawn towards N(0, I) by the maximum mean discrepancy: a Wasserstein autoencoder.</summary>
/// <remarks>Tolstikhin et al. 2018, https://arxiv.org/abs/1711.01558, algorithm 2: inverse multiquadratic kernels at several scales.</remarks>
public sealed record WassersteinOptions : BottleneckOptions
{
    /// <summary>Weight of the discrepancy, per sample.</summary>
    public double Weight { get; init; } = 100;

    /// <inheritdoc/>
    public override bool HasPrior => true;

    internal override Bottleneck Build(int featureSize, int latentSize, InputOptions input) => new Wasserstein(this, featureSize, latentSize);

    internal override IEnumerable<string> Faults(AutoencoderOptions options) => NegativeFaults("wasserstein", ("weight", Weight));
}

/// <summary>A linear map and the discrepancy of its values.</summary>
internal sealed class Wasserstein : Bottleneck
{
    private static readonly double[] Scales = [0.1, 0.2, 0.5, 1, 2, 5, 10];
    private readonly WassersteinOptions _options;
    private readonly Linear _projection;

    public Wasserstein(WassersteinOptions options, int featureSize, int latentSize)
        : base(nameof(Wasserstein))
    {
        _options = options;
        _projection = Linear(featureSize, latentSize);
        RegisterComponents();
    }

    public override Linear Projection => _projection;

    public override Latent Forward(Tensor features, StepContext context)
    {
        var values = _projection.call(features);
        if (!context.IsTraining || values.shape[0] < 2)
        {
            return new Latent(values, zeros(values.shape[0], device: values.device));
        }

        var prior = context.Normal(values.shape, values);
        return new Latent(values, (Discrepancy(values, prior) * HeldScalar.Of(_options.Weight)).expand(values.shape[0]));
    }

    public override Tensor SamplePrior(long count, Generator noise) => randn([count, _projection.weight!.shape[0]], generator: noise);

    /// <summary>Unbiased estimate of the squared discrepancy.</summary>
    internal static Tensor Discrepancy(Tensor first, Tensor second)
    {
        var (count, size) = (first.shape[0], first.shape[1]);
        var total = zeros(1, device: first.device).squeeze();
        var (within1, within2, between) = (Squared(first, first), Squared(second, second), Squared(first, second));
        foreach (var scale in Scales)
        {
            var constant = 2.0 * size * scale;
            Tensor Kernel(Tensor distances) => HeldScalar.Of(constant) / (distances + HeldScalar.Of(constant));
            // The diagonal of a kernel with itself is 1 and does not count.
            var same = (Kernel(within1).sum() + Kernel(within2).sum() - HeldScalar.Of(2 * count)) * HeldScalar.Of(1.0 / (count * (count - 1)));
            total += same - (Kernel(between).mean() * HeldScalar.Of(2));
        }

        return total;
    }

    private static Tensor Squared(Tensor first, Tensor second) =>
        (first.Squared().sum([1L]).unsqueeze(1) + second.Squared().sum([1L]).unsqueeze(0) - (first.matmul(second.t()) * HeldScalar.Of(2))).clamp_min(HeldScalar.Of(0));
}
