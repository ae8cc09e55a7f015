using static TorchSharp.torch;

namespace Hourglass.Objectives;

/// <summary>Binary cross-entropy in nats, for values in [0, 1]; the decoder's output is a logit.</summary>
public sealed record BinaryCrossEntropyOptions : ObjectiveOptions
{
    internal override Objective Build(InputOptions input) => new BinaryCrossEntropy();

    internal override IEnumerable<string> Faults(AutoencoderOptions options)
    {
        if (options.Input is { IsUnitInterval: false })
        {
            yield return "objective binary-cross-entropy needs values in [0, 1], and this data has others. Use --objective squared-error, or --scaling min-max.";
        }

        foreach (var fault in OutputFaults("binary-cross-entropy", options))
        {
            yield return fault;
        }
    }
}

/// <summary>max(l, 0) - l x + log(1 + exp(-|l|)), which neither overflows nor takes the logarithm of 0.</summary>
internal sealed class BinaryCrossEntropy : Objective
{
    public override Tensor Reconstruction(Tensor output) => output.sigmoid();

    private protected override Tensor Compare(Tensor output, Tensor target) =>
        nn.functional.binary_cross_entropy_with_logits(output, target, reduction: nn.Reduction.None);
}
