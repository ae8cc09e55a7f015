using System.Text.Json.Serialization;
using Hourglass.Engine;
using static TorchSharp.torch;

namespace Hourglass.Objectives;

/// <summary>Binary cross-entropy in nats, for values in [0, 1]; the decoder's output is a logit.</summary>
/// <remarks>A Bernoulli likelihood where values are 0 or 1; <see cref="Binarization"/> makes them so.</remarks>
public sealed record BinaryCrossEntropyOptions : ObjectiveOptions
{
    /// <summary>Whether grey values are made black or white before the model sees them.</summary>
    public Binarization Binarization { get; init; }

    internal override Objective Build(AutoencoderOptions options) => new BinaryCrossEntropy(Binarization);

    internal override IEnumerable<string> Faults(AutoencoderOptions options) => UnitIntervalFaults("binary-cross-entropy", options).Concat(OutputFaults("binary-cross-entropy", options));
}

/// <summary>From grey to black and white.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<Binarization>))]
public enum Binarization
{
    /// <summary>Values stay as they are.</summary>
    None,

    /// <summary>1 with the value as probability, drawn anew each time; Salakhutdinov and Murray 2008, as in Burda et al. 2016.</summary>
    Dynamic,

    /// <summary>1 at one half and above.</summary>
    Threshold,
}

/// <summary>max(l, 0) - l x + log(1 + exp(-|l|)), which neither overflows nor takes the logarithm of 0.</summary>
internal sealed class BinaryCrossEntropy(Binarization binarization) : Objective(nameof(BinaryCrossEntropy))
{
    public override Batch Observe(Batch batch, StepContext context)
    {
        if (binarization == Binarization.None || (binarization == Binarization.Dynamic && context.Noise is null))
        {
            return batch;
        }

        var samples = binarization == Binarization.Threshold
            ? batch.Target.ge(HeldScalar.Of(0.5)).to_type(batch.Target.dtype)
            : context.Uniform(batch.Target.shape, batch.Target).lt(batch.Target).to_type(batch.Target.dtype);
        return batch with { Input = samples, Target = samples };
    }

    public override Tensor Reconstruction(Tensor output) => output.sigmoid();

    private protected override Tensor Compare(Tensor output, Tensor target) =>
        nn.functional.binary_cross_entropy_with_logits(output, target, reduction: nn.Reduction.None);
}
