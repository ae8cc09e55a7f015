using Hourglass.Engine;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hourglass.Objectives;

/// <summary>Negative log-likelihood of a normal distribution whose variance is learnt, in nats.</summary>
/// <remarks>Rybkin et al. 2021, https://arxiv.org/abs/2006.13202: a learnt variance weighs reconstruction against divergence by itself.</remarks>
public sealed record GaussianLikelihoodOptions : ObjectiveOptions
{
    /// <summary>Whether each value has a variance of its own, instead of one for all.</summary>
    public bool PerValue { get; init; }

    internal override Objective Build(AutoencoderOptions options) => new GaussianLikelihood(PerValue ? options.Input!.Length : 1);
}

/// <summary>((r - x)^2 / v + log v + log 2 pi) / 2.</summary>
internal sealed class GaussianLikelihood : Objective
{
    internal const double LogTwoPi = 1.8378770664093453;
    internal const double SmallestLogVariance = -12; // about 0.0025 in standard deviation: below, one exact value would outweigh all others
    private readonly Parameter _logVariance;

    public GaussianLikelihood(int variances)
        : base(nameof(GaussianLikelihood))
    {
        _logVariance = nn.Parameter(zeros(variances));
        RegisterComponents();
    }

    private protected override Tensor Compare(Tensor output, Tensor target)
    {
        var logVariance = _logVariance.clamp(HeldScalar.Of(SmallestLogVariance), HeldScalar.Of(-SmallestLogVariance));
        return (((output - target).Squared() * (-logVariance).exp()) + logVariance + HeldScalar.Of(LogTwoPi)) * HeldScalar.Of(0.5);
    }
}
