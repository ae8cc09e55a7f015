using Hourglass.Engine;
using static TorchSharp.torch;

namespace Hourglass.Objectives;

/// <summary>Cross-entropy of each token in nats, with label smoothing; padding does not count.</summary>
/// <remarks>Label smoothing: Szegedy et al. 2016, https://arxiv.org/abs/1512.00567, section 7. Token 0 is padding.</remarks>
public sealed record TokenCrossEntropyOptions : ObjectiveOptions
{
    /// <summary>Share of the probability spread evenly over the vocabulary, 0 to below 1.</summary>
    public double LabelSmoothing { get; init; }

    internal override Objective Build(AutoencoderOptions options) => new TokenCrossEntropy(LabelSmoothing, options.Input!);

    internal override IEnumerable<string> Faults(AutoencoderOptions options)
    {
        if (options.Input is { Vocabulary: null })
        {
            yield return "objective token-cross-entropy needs samples of tokens. Read text (.txt), or give --vocabulary with an array of whole numbers.";
        }

        if (LabelSmoothing is not (>= 0 and < 1))
        {
            yield return $"objective token-cross-entropy: labelSmoothing must be 0 or more and below 1, got {LabelSmoothing}.";
        }

        foreach (var fault in OutputFaults("token-cross-entropy", options))
        {
            yield return fault;
        }
    }
}

/// <summary>Output is [batch, step * vocabulary]; targets are token numbers, [batch, step].</summary>
internal sealed class TokenCrossEntropy(double smoothing, InputOptions input) : Objective(nameof(TokenCrossEntropy))
{
    private readonly long _vocabulary = input.Vocabulary ?? 1;

    /// <summary>The likeliest tokens.</summary>
    public override Tensor Reconstruction(Tensor output) => output.view(output.shape[0], -1, _vocabulary).argmax(2L).to(ScalarType.Float32);

    private protected override Tensor Compare(Tensor output, Tensor target)
    {
        var logProbabilities = output.view(output.shape[0], -1, _vocabulary).log_softmax(2);
        var tokens = target.to(ScalarType.Int64);
        var chosen = -logProbabilities.gather(2, tokens.unsqueeze(2)).squeeze(2);
        var losses = smoothing > 0 ? (chosen * HeldScalar.Of(1 - smoothing)) - (logProbabilities.mean([2L]) * HeldScalar.Of(smoothing)) : chosen;
        return losses * tokens.ne(HeldScalar.Of(0));
    }
}
