using System.Text.Json.Serialization;
using static TorchSharp.torch;

namespace Hourglass.Corruption;

/// <summary>What is done to the input, never to the target, so that the model learns to undo it.</summary>
/// <remarks>Vincent et al. 2010, https://www.jmlr.org/papers/v11/vincent10a.html.</remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NoCorruptionOptions), "none")]
[JsonDerivedType(typeof(GaussianCorruptionOptions), "gaussian")]
[JsonDerivedType(typeof(MaskingCorruptionOptions), "masking")]
[JsonDerivedType(typeof(SaltAndPepperCorruptionOptions), "salt-and-pepper")]
[JsonDerivedType(typeof(SwapCorruptionOptions), "swap")]
public abstract record CorruptionOptions
{
    /// <summary>Builds the corruption for one kind of input.</summary>
    internal abstract SampleCorruption Build(InputOptions input);

    /// <summary>What is wrong with the choice.</summary>
    internal virtual IEnumerable<string> Faults() => [];

    private protected static IEnumerable<string> ShareFaults(string kind, double share)
    {
        if (share is not (>= 0 and <= 1))
        {
            yield return $"corruption {kind}: share must be from 0 to 1, got {share}. Write for instance --corruption {kind}:0.3.";
        }
    }
}

/// <summary>Changes samples in training and leaves them alone in evaluation.</summary>
public abstract class SampleCorruption
{
    /// <summary>Applies the corruption.</summary>
    /// <param name="samples">[batch, ...sample shape]; left as it is.</param>
    /// <param name="context">Training or not.</param>
    public Tensor Apply(Tensor samples, StepContext context) =>
        context.IsTraining ? Corrupt(samples, context) : samples;

    private protected abstract Tensor Corrupt(Tensor samples, StepContext context);

}
