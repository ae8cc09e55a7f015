using Hourglass.Engine;
using static TorchSharp.torch;

namespace Hourglass.Objectives;

/// <summary>Negative log-likelihood of the continuous Bernoulli distribution, for grey values in [0, 1], in nats.</summary>
/// <remarks>Loaiza-Ganem and Cunningham 2019, https://arxiv.org/abs/1907.06845: binary cross-entropy lacks the normalising constant that
/// makes it a likelihood of values between 0 and 1.</remarks>
public sealed record ContinuousBernoulliOptions : ObjectiveOptions
{
    internal override Objective Build(AutoencoderOptions options) => new ContinuousBernoulli();

    internal override IEnumerable<string> Faults(AutoencoderOptions options) => UnitIntervalFaults("continuous-bernoulli", options).Concat(OutputFaults("continuous-bernoulli", options));
}

/// <summary>Binary cross-entropy minus log C, C = l / tanh(l / 2) in the logit l; near 0 by series.</summary>
internal sealed class ContinuousBernoulli() : Objective(nameof(ContinuousBernoulli))
{
    private const double Near = 0.5; // the series' next terms are below float32's resolution; beyond, the closed form's differences lose at most two bits

    // Powers of l^2, highest first: log C less log 2, and the mean's excess over 1/2 divided by l.
    private static readonly double[] _logConstant = [-127.0 / 4838400, 31.0 / 90720, -7.0 / 1440, 1.0 / 12, 0];
    private static readonly double[] _mean = [-1.0 / 1209600, 1.0 / 30240, -1.0 / 720, 1.0 / 12];

    // The mean of the distribution: 1 / (1 - exp(-l)) - 1 / l.
    public override Tensor Reconstruction(Tensor output)
    {
        var (isNear, safe) = Split(output);
        return where(isNear, (output * Series(output, _mean)) + HeldScalar.Of(0.5), (-(-safe).expm1()).reciprocal() - safe.reciprocal());
    }

    private protected override Tensor Compare(Tensor output, Tensor target)
    {
        var (isNear, safe) = Split(output);
        var size = safe.abs();
        var far = size.log() - (size * HeldScalar.Of(0.5)).tanh().log();
        var logConstant = where(isNear, Series(output, _logConstant) + HeldScalar.Of(Math.Log(2)), far);
        return nn.functional.binary_cross_entropy_with_logits(output, target, reduction: nn.Reduction.None) - logConstant;
    }

    private static Tensor Series(Tensor output, double[] coefficients)
    {
        var square = output.Squared();
        var sum = (square * HeldScalar.Of(coefficients[0])) + HeldScalar.Of(coefficients[1]);
        return coefficients.Skip(2).Aggregate(sum, (total, coefficient) => (total * square) + HeldScalar.Of(coefficient));
    }

    // Where the logit is near 0 the closed form gets a harmless 1 instead, so that its gradient is no 0 / 0.
    private static (Tensor IsNear, Tensor Safe) Split(Tensor output)
    {
        var isNear = output.abs().lt(HeldScalar.Of(Near));
        return (isNear, where(isNear, ones_like(output), output));
    }
}
