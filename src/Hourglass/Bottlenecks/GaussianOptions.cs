using Hourglass.Bottlenecks.Priors;

namespace Hourglass.Bottlenecks;

/// <summary>Latents are drawn from a diagonal normal distribution, which is charged for its divergence from a prior.</summary>
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

    /// <summary>Weight of the total correlation among the latents; 1 leaves the bound as it is, above 1 is a beta-TC-VAE.</summary>
    /// <remarks>Chen et al. 2018, https://arxiv.org/abs/1802.04942, estimated over the batch.</remarks>
    public double TotalCorrelation { get; init; } = 1;

    /// <summary>Draws for each sample in training; more than 1 is the importance-weighted bound (IWAE).</summary>
    /// <remarks>Burda et al. 2016, https://arxiv.org/abs/1509.00519, equation 8.</remarks>
    public int Draws { get; init; } = 1;

    /// <summary>Whether the importance-weighted bound uses the doubly reparameterised gradient, whose noise does not grow with the draws.</summary>
    /// <remarks>Tucker et al. 2019, https://arxiv.org/abs/1810.04152.</remarks>
    public bool DoublyReparameterized { get; init; } = true;

    /// <summary>What the latents are compared with, and drawn from.</summary>
    public LatentPriorOptions Prior { get; init; } = new StandardPriorOptions();

    /// <inheritdoc/>
    public override bool HasPrior => true;

    internal override double SettlingEpochs => AnnealingEpochs;

    internal override Bottleneck Build(int featureSize, int latentSize, InputOptions input) => new Gaussian(this, featureSize, latentSize, input);

    internal override UInt128 WeightCount(AutoencoderOptions options) => Prior.WeightCount(options.LatentSize!.Value, options.Input!.Length);

    internal override IEnumerable<string> Faults(AutoencoderOptions options)
    {
        foreach (var fault in NegativeFaults("gaussian", ("beta", Beta), ("annealingEpochs", AnnealingEpochs), ("freeBits", FreeBits), ("totalCorrelation", TotalCorrelation)).Concat(Prior?.Faults() ?? ["bottleneck gaussian: prior must not be null."]))
        {
            yield return fault;
        }

        if (Draws is < 1 or > 10_000)
        {
            yield return $"bottleneck gaussian: draws must be from 1 to 10000, got {Draws}.";
        }

        if (Draws > 1 && (FreeBits > 0 || TotalCorrelation != 1))
        {
            yield return "bottleneck gaussian: the importance-weighted bound (draws above 1) goes with neither freeBits nor totalCorrelation. Leave them out, or set draws to 1.";
        }

        if (FreeBits > 0 && Prior is not StandardPriorOptions)
        {
            yield return "bottleneck gaussian: freeBits counts nats of each latent, which only the standard prior gives. Use --prior standard, or leave --free-bits out.";
        }
    }
}
