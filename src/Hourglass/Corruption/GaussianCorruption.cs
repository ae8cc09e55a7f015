using Hourglass.Engine;
using static TorchSharp.torch;

namespace Hourglass.Corruption;

/// <summary>Adds normal noise.</summary>
public sealed record GaussianCorruptionOptions : CorruptionOptions
{
    /// <summary>Standard deviation, in model-input units.</summary>
    public double StandardDeviation { get; init; } = 0.1;

    internal override SampleCorruption Build(InputOptions input) => new GaussianCorruption(this);

    internal override IEnumerable<string> Faults()
    {
        if (!double.IsFinite(StandardDeviation) || StandardDeviation < 0)
        {
            yield return $"corruption gaussian: standardDeviation must be 0 or more, got {StandardDeviation}. Write for instance --corruption gaussian:0.1.";
        }
    }
}

/// <summary>x + s e, e from N(0, 1).</summary>
internal sealed class GaussianCorruption(GaussianCorruptionOptions options) : SampleCorruption
{
    private protected override Tensor Corrupt(Tensor samples, Generator noise) =>
        samples + (randn(samples.shape, dtype: samples.dtype, device: samples.device, generator: noise) * HeldScalar.Of(options.StandardDeviation));
}
