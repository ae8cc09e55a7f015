using Hourglass.Engine;
using static TorchSharp.torch;

namespace Hourglass.Corruption;

/// <summary>Sets a random share of the values to 0 or 1, evenly.</summary>
public sealed record SaltAndPepperCorruptionOptions : CorruptionOptions
{
    /// <summary>Share of values hit, 0 to 1.</summary>
    public double Share { get; init; } = 0.2;

    internal override SampleCorruption Build(InputOptions input) => new SaltAndPepperCorruption(this);

    internal override IEnumerable<string> Faults() => ShareFaults("salt-and-pepper", Share);
}

/// <summary>One draw a value decides both whether it is hit and with what.</summary>
internal sealed class SaltAndPepperCorruption(SaltAndPepperCorruptionOptions options) : SampleCorruption
{
    private protected override Tensor Corrupt(Tensor samples, StepContext context)
    {
        var draw = context.Uniform(samples.shape, samples);
        return where(draw.ge(HeldScalar.Of(options.Share)), samples, draw.lt(HeldScalar.Of(options.Share / 2)).to_type(samples.dtype));
    }
}
