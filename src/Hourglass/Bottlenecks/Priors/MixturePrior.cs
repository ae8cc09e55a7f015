using Hourglass.Engine;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hourglass.Bottlenecks.Priors;

/// <summary>A mixture of normal distributions with diagonal covariance, learnt with the model.</summary>
/// <remarks>Dilokthanakul et al. 2016, https://arxiv.org/abs/1611.02648; as the plain rival in Tomczak and Welling 2018.</remarks>
public sealed record MixturePriorOptions : LatentPriorOptions
{
    /// <summary>Number of components.</summary>
    public int Components { get; init; } = 100;

    internal override LatentPrior Build(int latentSize, InputOptions input) => new MixturePrior(Components, latentSize);

    internal override IEnumerable<string> Faults() => CountFaults("components", Components, 10_000);

    internal override UInt128 WeightCount(int latentSize, int sampleLength) => (UInt128)Components * (UInt128)latentSize * 2;
}

/// <summary>log sum of weight N(mean, variance), by products of matrices.</summary>
internal sealed class MixturePrior : LatentPrior
{
    private readonly Parameter _means;
    private readonly Parameter _logVariances;
    private readonly Parameter _logits;

    public MixturePrior(int components, int latentSize)
        : base(nameof(MixturePrior))
    {
        _means = nn.Parameter(randn(components, latentSize));
        _logVariances = nn.Parameter(zeros(components, latentSize));
        _logits = nn.Parameter(zeros(components));
        RegisterComponents();
    }

    public override Tensor LogDensity(Tensor latents) => LogDensity(latents, _means, _logVariances, _logits.log_softmax(0));

    public override Tensor Sample(long count, Generator noise) => Sample(count, noise, _means, _logVariances, _logits.softmax(0));

    /// <summary>Components start at encoded samples, so that none is far from all data.</summary>
    public override void Initialize(Func<Tensor> means, Tensor samples, Generator noise)
    {
        var starts = means();
        var count = (int)Math.Min(_means.shape[0], starts.shape[0]);
        _means.narrow(0, 0, count).copy_(starts.narrow(0, 0, count));
    }

    /// <summary>Log density of a diagonal mixture.</summary>
    /// <param name="latents">[n, latent].</param>
    /// <param name="means">[component, latent].</param>
    /// <param name="logVariances">[component, latent].</param>
    /// <param name="logWeights">[component].</param>
    internal static Tensor LogDensity(Tensor latents, Tensor means, Tensor logVariances, Tensor logWeights)
    {
        var precision = (-logVariances).exp();
        var constant = logWeights - ((logVariances + (means.Squared() * precision)).sum([1L]) * HeldScalar.Of(0.5)) - HeldScalar.Of(HalfLogTwoPi * latents.shape[1]);
        var joint = latents.matmul((means * precision).t()) - (latents.Squared().matmul(precision.t()) * HeldScalar.Of(0.5)) + constant; // [n, component]
        return joint.logsumexp(1);
    }

    /// <summary>Draws from a diagonal mixture.</summary>
    internal static Tensor Sample(long count, Generator noise, Tensor means, Tensor logVariances, Tensor weights)
    {
        var cumulative = weights.detach().cumsum(0);
        var chosen = (rand([count, 1], generator: noise) * cumulative[^1]).gt(cumulative).sum([1L]).clamp(HeldScalar.Of(0), HeldScalar.Of(means.shape[0] - 1)).to(ScalarType.Int64);
        return means.index_select(0, chosen) + ((logVariances.index_select(0, chosen) * HeldScalar.Of(0.5)).exp() * randn([count, means.shape[1]], generator: noise));
    }
}
