using Hourglass.Engine;
using static TorchSharp.torch;

namespace Hourglass.Objectives;

/// <summary>Squared difference: up to constants, the negative log-likelihood of a normal with variance 1/2.</summary>
public sealed record SquaredErrorOptions : ObjectiveOptions
{
    internal override Objective Build(AutoencoderOptions options) => new SquaredError();
}

/// <summary>(r - x)^2.</summary>
internal sealed class SquaredError() : Objective(nameof(SquaredError))
{
    private protected override Tensor Compare(Tensor output, Tensor target) => (output - target).Squared();
}
