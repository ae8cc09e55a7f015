using Hourglass.Engine;
using Hourglass.Preprocessing;
using static TorchSharp.torch;

namespace Hourglass.Objectives;

/// <summary>Tables with columns of several kinds: squared error for numbers, binary cross-entropy for flags, cross-entropy
/// for categories.</summary>
public sealed record MixedOptions : ObjectiveOptions
{
    internal override Objective Build(AutoencoderOptions options) => new Mixed(options.Input!);

    internal override IEnumerable<string> Faults(AutoencoderOptions options) => OutputFaults("mixed", options);
}

/// <summary>Runs of values of one kind are compared in one call.</summary>
internal sealed class Mixed : Objective
{
    private readonly List<FeatureBlock> _runs = [];

    public Mixed(InputOptions input)
        : base(nameof(Mixed))
    {
        foreach (var block in input.Blocks)
        {
            if (_runs.Count > 0 && block.Kind != FeatureBlockKind.Categorical && _runs[^1].Kind == block.Kind)
            {
                _runs[^1] = _runs[^1] with { Length = _runs[^1].Length + block.Length };
            }
            else
            {
                _runs.Add(block);
            }
        }
    }

    public override Tensor Reconstruction(Tensor output) => cat(
        [.. _runs.Select(run => (run.Kind, Values: output.narrow(1, run.Start, run.Length))).Select(run => run.Kind switch
        {
            FeatureBlockKind.Binary => run.Values.sigmoid(),
            FeatureBlockKind.Categorical => run.Values.softmax(1),
            _ => run.Values,
        })], 1);

    private protected override Tensor Compare(Tensor output, Tensor target) => cat(
        [.. _runs.Select(run => Compare(run.Kind, output.narrow(1, run.Start, run.Length), target.narrow(1, run.Start, run.Length)))], 1);

    private static Tensor Compare(FeatureBlockKind kind, Tensor output, Tensor target) => kind switch
    {
        FeatureBlockKind.Binary => nn.functional.binary_cross_entropy_with_logits(output, target, reduction: nn.Reduction.None),
        FeatureBlockKind.Categorical => -target * output.log_softmax(1),
        _ => (output - target).Squared(),
    };
}
