using Hourglass.Engine;
using Hourglass.Networks;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Hourglass.Bottlenecks;

/// <summary>Latents are a function of the sample; sparse when a penalty says so.</summary>
public sealed record DeterministicOptions : BottleneckOptions
{
    /// <summary>Follows the map to the latents.</summary>
    public Activation Activation { get; init; } = Activation.Linear;

    /// <summary>Weight of the sum of absolute latents, per sample.</summary>
    public double L1 { get; init; }

    /// <summary>Weight of half the sum of squared latents, per sample: with a decoder penalty, the RAE's stand-in for a prior.</summary>
    /// <remarks>Ghosh et al. 2020, https://arxiv.org/abs/1903.12436, equation 6.</remarks>
    public double L2 { get; init; }

    /// <summary>Weight of the KL divergence between <see cref="Rho"/> and each latent's mean activation over the batch.</summary>
    /// <remarks>Ng 2011, CS294A lecture notes "Sparse autoencoder", section 3.</remarks>
    public double KlRho { get; init; }

    /// <summary>Mean activation wished for, between 0 and 1.</summary>
    public double Rho { get; init; } = 0.05;

    internal override Bottleneck Build(int featureSize, int latentSize, InputOptions input) => new Deterministic(this, featureSize, latentSize);

    internal override IEnumerable<string> Faults(AutoencoderOptions options)
    {
        foreach (var fault in NegativeFaults("deterministic", ("l1", L1), ("l2", L2), ("klRho", KlRho)))
        {
            yield return fault;
        }

        if (KlRho > 0 && Activation != Activation.Sigmoid)
        {
            yield return $"bottleneck deterministic: klRho compares mean activations with a probability, so activation must be sigmoid, got {Activation}. Add --latent-activation sigmoid.";
        }

        if (Rho is not (> 0 and < 1))
        {
            yield return $"bottleneck deterministic: rho must lie between 0 and 1, got {Rho}.";
        }
    }
}

/// <summary>A linear map, an activation, and the penalties.</summary>
internal sealed class Deterministic : Bottleneck
{
    private readonly DeterministicOptions _options;
    private readonly Linear _projection;

    public Deterministic(DeterministicOptions options, int featureSize, int latentSize)
        : base(nameof(Deterministic))
    {
        _options = options;
        _projection = Linear(featureSize, latentSize);
        RegisterComponents();
    }

    public override Linear Projection => _projection;

    public override Latent Forward(Tensor features, StepContext context)
    {
        var values = _options.Activation.Apply(_projection.call(features));
        var penalty = zeros(values.shape[0], dtype: values.dtype, device: values.device);
        if (_options.L1 > 0)
        {
            penalty += values.abs().sum([1L]) * HeldScalar.Of(_options.L1);
        }

        if (_options.L2 > 0)
        {
            penalty += values.Squared().sum([1L]) * HeldScalar.Of(_options.L2 / 2);
        }

        if (_options.KlRho > 0)
        {
            var (rho, mean) = (_options.Rho, context.BatchMean(values).clamp(HeldScalar.Of(1e-6), HeldScalar.Of(1 - 1e-6))); // [latent]
            var entropy = (rho * Math.Log(rho)) + ((1 - rho) * Math.Log(1 - rho));
            var divergence = HeldScalar.Of(entropy) - (mean.log() * HeldScalar.Of(rho)) - ((-mean).log1p() * HeldScalar.Of(1 - rho));
            penalty += divergence.sum() * HeldScalar.Of(_options.KlRho);
        }

        return new Latent(values, penalty);
    }

    // A rectified latent is silent or fires, like a sparse dictionary's.
    internal override IEnumerable<(string Name, double Value)> Figures(Tensor latents) => _options.Activation == Activation.Relu ? SparseDictionary.Firing(latents) : [];
}
