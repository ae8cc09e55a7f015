using System.Text.Json.Serialization;
using Hourglass.Bottlenecks;

namespace Hourglass.Networks.Transformer;

/// <summary>Self-attention over patches of a picture, runs of steps of a series, or tokens.</summary>
/// <remarks>Vaswani et al. 2017, https://arxiv.org/abs/1706.03762; patches: Dosovitskiy et al. 2021, https://arxiv.org/abs/2010.11929; hidden patches, which the encoder
/// never sees: He et al. 2022, https://arxiv.org/abs/2111.06377.</remarks>
public sealed record TransformerNetworkOptions : NetworkOptions
{
    /// <summary>Side of a patch in pixels, or steps in a run.</summary>
    public int Patch { get; init; } = 4;

    /// <summary>Values of a token.</summary>
    public int Width { get; init; } = 64;

    /// <summary>Heads of attention; they divide the width.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>Layers of the encoder.</summary>
    public int Layers { get; init; } = 3;

    /// <summary>Layers of the decoder.</summary>
    public int DecoderLayers { get; init; } = 2;

    /// <summary>Share of the patches hidden from the encoder in training, 0 to below 1; 0.75 in masked autoencoders.</summary>
    public double HiddenShare { get; init; }

    /// <summary>What becomes the encoder's features: the tokens' mean, or all tokens (for an open bottleneck).</summary>
    public TokenPooling Pooling { get; init; }

    [JsonIgnore]
    internal override bool HidesInput => HiddenShare > 0;

    internal override UInt128 EncoderWeightCount(InputOptions input) => (UInt128)Layers * 12 * (UInt128)Width * (UInt128)Width;

    internal override UInt128 DecoderWeightCount(InputOptions input, int latentSize) => ((UInt128)DecoderLayers * 12 * (UInt128)Width * (UInt128)Width) + (UInt128)(Tokens(input) * Width);

    internal override long FeatureCount(InputOptions input) => Pooling == TokenPooling.Mean ? Width : Tokens(input) * (Width + 1);

    internal override Encoder BuildEncoder(InputOptions input) => new TransformerEncoder(this, input);

    internal override Decoder BuildDecoder(InputOptions input, int latentSize, Encoder encoder, Bottleneck bottleneck) => new TransformerDecoder(this, input, latentSize);

    /// <summary>Tokens of one sample.</summary>
    internal long Tokens(InputOptions input) => input.Shape.Count switch
    {
        3 => (long)(input.Shape[1] / Patch) * (input.Shape[2] / Patch),
        2 => input.Shape[0] / Patch,
        _ => input.Shape[0],
    };

    /// <summary>Values behind one token.</summary>
    internal long TokenLength(InputOptions input) => input.Shape.Count switch
    {
        3 => (long)input.Shape[0] * Patch * Patch,
        2 => (long)input.Shape[1] * Patch,
        _ => input.Vocabulary ?? 1,
    };

    internal override IEnumerable<string> Faults(AutoencoderOptions options)
    {
        foreach (var fault in base.Faults(options))
        {
            yield return fault;
        }

        if (Width is < 1 or > 1 << 13 || Layers is < 1 or > 64 || DecoderLayers is < 1 or > 64 || Heads < 1 || Width % Math.Max(1, Heads) != 0 || Patch < 1)
        {
            yield return $"network transformer takes a width of 1 to {1 << 13} that its heads divide, 1 to 64 layers and patches of at least 1, got width {Width}, {Heads} heads, {Layers} and {DecoderLayers} layers, patch {Patch}.";
            yield break;
        }

        if (HiddenShare is not (>= 0 and < 1))
        {
            yield return $"network transformer: hiddenShare must be 0 or more and below 1, got {HiddenShare}.";
        }

        var isOpen = options.Bottleneck is OpenOptions;
        if (isOpen != (Pooling == TokenPooling.None))
        {
            yield return isOpen ? "network transformer with an open bottleneck hands on all tokens: pooling must be none." : "network transformer behind a bottleneck needs pooling mean.";
        }

        if (options.Input is { } input && (input.Shape.Count == 1 ? input.Vocabulary is null : input.Shape.Skip(input.Shape.Count == 3 ? 1 : 0).Take(input.Shape.Count == 3 ? 2 : 1).Any(size => size % Patch != 0)))
        {
            yield return $"network transformer needs pictures or series whose sides are multiples of the patch ({Patch}), or tokens, but a sample is [{string.Join(", ", input.Shape)}]. Give another --patch.";
        }
    }
}

/// <summary>What becomes the encoder's features.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<TokenPooling>))]
public enum TokenPooling
{
    /// <summary>Their mean.</summary>
    Mean,

    /// <summary>All of them, with a mark for each that was hidden.</summary>
    None,
}
