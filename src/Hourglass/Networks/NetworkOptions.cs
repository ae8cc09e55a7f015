using System.Text.Json.Serialization;
using Hourglass.Bottlenecks;
using Hourglass.Networks.Convolutional;
using Hourglass.Networks.Dense;
using Hourglass.Networks.Recurrent;
using Hourglass.Networks.Temporal;
using Hourglass.Networks.Transformer;
using Hourglass.Networks.UShaped;

namespace Hourglass.Networks;

/// <summary>Encoder and decoder of one family.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(DenseNetworkOptions), "dense")]
[JsonDerivedType(typeof(ConvolutionalNetworkOptions), "convolutional")]
[JsonDerivedType(typeof(UShapedNetworkOptions), "u-shaped")]
[JsonDerivedType(typeof(TemporalNetworkOptions), "temporal")]
[JsonDerivedType(typeof(RecurrentNetworkOptions), "recurrent")]
[JsonDerivedType(typeof(TransformerNetworkOptions), "transformer")]
public abstract record NetworkOptions
{
    /// <summary>Follows each hidden layer.</summary>
    public Activation Activation { get; init; } = Activation.Relu;

    /// <summary>Follows the decoder's last layer; linear when the objective squashes by itself.</summary>
    public Activation OutputActivation { get; init; } = Activation.Linear;

    /// <summary>Stands before each hidden activation.</summary>
    public Normalization Normalization { get; init; } = Normalization.None;

    /// <summary>Share of hidden values dropped in training, 0 to below 1.</summary>
    public double Dropout { get; init; }

    /// <summary>Share of input values dropped in training, 0 to below 1.</summary>
    public double InputDropout { get; init; }

    /// <summary>Widest layer that is accepted, so that a hostile file cannot ask for absurd memory.</summary>
    internal const int MaximumWidth = 1 << 20;

    /// <summary>Whether the encoder itself withholds part of the input in training, so that an open bottleneck teaches more than copying.</summary>
    [JsonIgnore]
    internal virtual bool HidesInput => false;

    /// <summary>Weights of the encoder, at least; nothing is built.</summary>
    internal abstract UInt128 EncoderWeightCount(InputOptions input);

    /// <summary>Weights of the decoder, at least; nothing is built.</summary>
    internal abstract UInt128 DecoderWeightCount(InputOptions input, int latentSize);

    /// <summary>Length of the encoder's features; nothing is built.</summary>
    internal abstract long FeatureCount(InputOptions input);

    /// <summary>Sum of the products of neighbouring widths.</summary>
    private protected static UInt128 Chain(IReadOnlyList<int> widths) =>
        Enumerable.Range(1, widths.Count - 1).Aggregate((UInt128)0, (sum, layer) => sum + ((UInt128)widths[layer - 1] * (UInt128)widths[layer]));

    /// <summary>Builds the encoder.</summary>
    internal abstract Encoder BuildEncoder(InputOptions input);

    /// <summary>Builds the decoder that goes with an encoder.</summary>
    internal abstract Decoder BuildDecoder(InputOptions input, int latentSize, Encoder encoder, Bottleneck bottleneck);

    /// <summary>What is wrong with the choice, given the rest of the options.</summary>
    internal virtual IEnumerable<string> Faults(AutoencoderOptions options)
    {
        foreach (var (name, share) in new[] { ("dropout", Dropout), ("inputDropout", InputDropout) })
        {
            if (share is not (>= 0 and < 1))
            {
                yield return $"network.{name} must be 0 or more and below 1, got {share}.";
            }
        }
    }

    /// <summary>What is wrong with a list of widths.</summary>
    internal static IEnumerable<string> WidthFaults(string name, IReadOnlyList<int>? widths)
    {
        if (widths is { Count: > 64 } || (widths?.Any(width => width is < 1 or > MaximumWidth) ?? false))
        {
            yield return $"network.{name} takes up to 64 widths from 1 to {MaximumWidth}, got [{string.Join(", ", widths.Take(8))}].";
        }
    }
}
