using Hourglass.Engine;
using static TorchSharp.torch;

namespace Hourglass.Corruption;

/// <summary>Adds normal noise.</summary>
public sealed record GaussianCorruptionOptions : CorruptionOptions
{
    /// <summary>Standard deviation, in model-input units.</summary>
    public double StandardDeviation { get; init; } = 0.1;

    /// <summary>Smallest standard deviation; when given, each sample gets one drawn evenly between the two (blind denoising).</summary>
    public double? Lowest { get; init; }

    internal override SampleCorruption Build(InputOptions input) => new GaussianCorruption(this);

    internal override IEnumerable<string> Faults()
    {
        if (!double.IsFinite(StandardDeviation) || StandardDeviation < 0)
        {
            yield return $"corruption gaussian: standardDeviation must be 0 or more, got {StandardDeviation}. Write for instance --corruption gaussian:0.1.";
        }

        if (Lowest is { } lowest && !(lowest >= 0 && lowest <= StandardDeviation))
        {
            yield return $"corruption gaussian: lowest must be from 0 to the standard deviation ({StandardDeviation}), got {lowest}. Write for instance --corruption gaussian:0..0.2.";
        }
    }
}

/// <summary>x + s e, e from N(0, 1).</summary>
internal sealed class GaussianCorruption(GaussianCorruptionOptions options) : SampleCorruption
{
    private protected override Tensor Corrupt(Tensor samples, StepContext context)
    {
        var standard = context.Normal(samples.shape, samples);
        if (options.Lowest is not { } lowest)
        {
            return samples + (standard * HeldScalar.Of(options.StandardDeviation));
        }

        long[] each = [samples.shape[0], .. samples.shape.Skip(1).Select(_ => 1L)];
        var deviation = (context.Uniform(each, samples) * HeldScalar.Of(options.StandardDeviation - lowest)) + HeldScalar.Of(lowest);
        return samples + (standard * deviation);
    }
}
