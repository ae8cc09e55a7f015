using System.Text.Json.Serialization;
using Hourglass.Networks;
using static TorchSharp.torch;

namespace Hourglass.Objectives;

/// <summary>The distance between a reconstruction and its target.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(SquaredErrorOptions), "squared-error")]
[JsonDerivedType(typeof(BinaryCrossEntropyOptions), "binary-cross-entropy")]
[JsonDerivedType(typeof(HuberOptions), "huber")]
[JsonDerivedType(typeof(MixedOptions), "mixed")]
public abstract record ObjectiveOptions
{
    /// <summary>Builds the objective for one kind of input.</summary>
    internal abstract Objective Build(InputOptions input);

    /// <summary>What is wrong with the choice, given the rest of the options.</summary>
    internal virtual IEnumerable<string> Faults(AutoencoderOptions options) => [];

    /// <summary>An objective that squashes by itself takes a linear output.</summary>
    private protected static IEnumerable<string> OutputFaults(string kind, AutoencoderOptions options)
    {
        if (options.Network is { OutputActivation: not Activation.Linear } network)
        {
            yield return $"objective {kind} squashes the output by itself (the stable form), so network.outputActivation must be linear, got {network.OutputActivation}. Leave --output-activation out.";
        }
    }
}

/// <summary>Compares the decoder's output with the target.</summary>
public abstract class Objective
{
    /// <summary>Distance for each value.</summary>
    /// <param name="output">The decoder's output, [batch, value].</param>
    /// <param name="target">[batch, ...sample shape].</param>
    /// <param name="mask">1 where a value counts, same shape as the target; null when all do.</param>
    /// <returns>[batch, value]; a row's sum is the sample's distance.</returns>
    public Tensor Distances(Tensor output, Tensor target, Tensor? mask)
    {
        var distances = Compare(output, target.flatten(1));
        return mask is null ? distances : distances * mask.flatten(1);
    }

    /// <summary>The expected sample for an output: squashed where the objective says so.</summary>
    /// <param name="output">[batch, value].</param>
    public virtual Tensor Reconstruction(Tensor output) => output;

    private protected abstract Tensor Compare(Tensor output, Tensor target);
}
