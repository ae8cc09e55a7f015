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
[JsonDerivedType(typeof(GaussianLikelihoodOptions), "gaussian-likelihood")]
[JsonDerivedType(typeof(ContinuousBernoulliOptions), "continuous-bernoulli")]
[JsonDerivedType(typeof(MultinomialOptions), "multinomial")]
[JsonDerivedType(typeof(StructuralSimilarityOptions), "structural-similarity")]
[JsonDerivedType(typeof(TokenCrossEntropyOptions), "token-cross-entropy")]
[JsonDerivedType(typeof(AdversarialOptions), "adversarial")]
public abstract record ObjectiveOptions
{
    /// <summary>Weight of the squared distance between the encoder's features of sample and reconstruction, per feature; 0 for none.</summary>
    /// <remarks>A perceptual loss in the model's own features: Johnson et al. 2016, https://arxiv.org/abs/1603.08155, with the encoder in the place of a borrowed network.</remarks>
    public double Perceptual { get; init; }

    /// <summary>Whether the last weights are kept instead of those of the lowest validation loss.</summary>
    [JsonIgnore]
    internal virtual bool KeepsLastWeights => false;

    /// <summary>Weights, at least.</summary>
    internal virtual UInt128 WeightCount(AutoencoderOptions options) => 0;

    /// <summary>Builds the objective for complete options.</summary>
    internal abstract Objective Build(AutoencoderOptions options);

    /// <summary>What is wrong with the choice, given the rest of the options.</summary>
    internal virtual IEnumerable<string> Faults(AutoencoderOptions options) => [];

    /// <summary>An objective for values in [0, 1].</summary>
    private protected static IEnumerable<string> UnitIntervalFaults(string kind, AutoencoderOptions options)
    {
        if (options.Input is { IsUnitInterval: false })
        {
            yield return $"objective {kind} needs values in [0, 1], and this data has others. Use --objective squared-error, or --scaling min-max.";
        }
    }

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
/// <param name="name">Name among the model's parameters.</param>
public abstract class Objective(string name) : nn.Module(name)
{
    /// <summary>Weight of the distance in the loss that is trained; what is printed and scored stays the distance itself.</summary>
    internal virtual double TrainingWeight => 1;

    /// <summary>What is observed: the batch itself, or a draw from it where the objective says so.</summary>
    /// <param name="batch">Input and target.</param>
    /// <param name="context">Noise where draws may be made.</param>
    public virtual Batch Observe(Batch batch, StepContext context) => batch;

    /// <summary>Distance for each value.</summary>
    /// <param name="output">The decoder's output, [draws * batch, value].</param>
    /// <param name="target">[batch, ...sample shape].</param>
    /// <param name="mask">1 where a value counts, same shape as the target; null when all do.</param>
    /// <returns>[batch, value]; a row's sum is the sample's distance.</returns>
    public Tensor Distances(Tensor output, Tensor target, Tensor? mask)
    {
        var values = target.flatten(1);
        var rows = values.shape[0];
        if (output.shape[0] != rows)
        {
            values = values.expand(output.shape[0] / rows, rows, values.shape[1]).reshape(output.shape[0], values.shape[1]);
        }

        var distances = Compare(output, values);
        return mask is null ? distances : distances * mask.flatten(1);
    }

    /// <summary>The expected sample for an output: squashed where the objective says so.</summary>
    /// <param name="output">[batch, value].</param>
    public virtual Tensor Reconstruction(Tensor output) => output;

    /// <summary>A loss besides the distance, in training: two players' losses, each with a gradient to its own side only.</summary>
    /// <param name="play">The batch and the ways through the model.</param>
    /// <returns>A scalar, in nats per sample; null for none.</returns>
    internal virtual Tensor? Contest(ContestPlay play) => null;

    private protected abstract Tensor Compare(Tensor output, Tensor target);
}

/// <summary>What an adversarial objective may use.</summary>
/// <param name="Samples">Real samples, [batch, ...sample shape].</param>
/// <param name="Output">The decoder's output for them, [batch, value].</param>
/// <param name="Decode">From latents to the decoder's output.</param>
/// <param name="Encode">From samples to latents.</param>
/// <param name="LatentSize">Length of a latent.</param>
/// <param name="Context">Noise of the step.</param>
internal readonly record struct ContestPlay(Tensor Samples, Tensor Output, Func<Tensor, Tensor> Decode, Func<Tensor, Tensor> Encode, long LatentSize, StepContext Context);
