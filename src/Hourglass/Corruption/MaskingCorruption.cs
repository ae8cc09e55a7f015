using Hourglass.Engine;
using static TorchSharp.torch;

namespace Hourglass.Corruption;

/// <summary>Sets a random share of the values to 0.</summary>
public sealed record MaskingCorruptionOptions : CorruptionOptions
{
    /// <summary>Share of values masked, 0 to 1.</summary>
    public double Share { get; init; } = 0.3;

    internal override SampleCorruption Build(InputOptions input) => new MaskingCorruption(this);

    internal override IEnumerable<string> Faults() => ShareFaults("masking", Share);
}

/// <summary>Keeps each value with probability 1 - share.</summary>
internal sealed class MaskingCorruption(MaskingCorruptionOptions options) : SampleCorruption
{
    private protected override Tensor Corrupt(Tensor samples, StepContext context) => samples * context.Uniform(samples.shape, samples).ge(HeldScalar.Of(options.Share));
}
