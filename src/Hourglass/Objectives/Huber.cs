using static TorchSharp.torch;

namespace Hourglass.Objectives;

/// <summary>Half the squared difference when small, linear when large, so that outliers pull less. Huber 1964.</summary>
public sealed record HuberOptions : ObjectiveOptions
{
    /// <summary>Where it turns linear, in model-input units.</summary>
    public double Delta { get; init; } = 1;

    internal override Objective Build(AutoencoderOptions options) => new Huber(this);

    internal override IEnumerable<string> Faults(AutoencoderOptions options)
    {
        if (!(Delta > 0) || !double.IsFinite(Delta))
        {
            yield return $"objective huber: delta must be above 0, got {Delta}.";
        }
    }
}

/// <summary>Computes the Huber distance.</summary>
internal sealed class Huber(HuberOptions options) : Objective(nameof(Huber))
{
    private protected override Tensor Compare(Tensor output, Tensor target) =>
        nn.functional.huber_loss(output, target, options.Delta, nn.Reduction.None);
}
