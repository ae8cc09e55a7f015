using static TorchSharp.torch;

namespace Hourglass.Corruption;

/// <summary>The input as it is.</summary>
public sealed record NoCorruptionOptions : CorruptionOptions
{
    internal override SampleCorruption Build(InputOptions input) => new NoCorruption();
}

/// <summary>The input as it is.</summary>
internal sealed class NoCorruption : SampleCorruption
{
    private protected override Tensor Corrupt(Tensor samples, StepContext context) => samples;
}
