using Hourglass.Bottlenecks;

namespace Hourglass.Networks.UShaped;

/// <summary>Residual convolutions down and up with connections across each level, and the input added at the end: for denoising.</summary>
/// <remarks>Ronneberger et al. 2015, https://arxiv.org/abs/1505.04597; learning the noise instead of the picture: Zhang et al. 2017,
/// https://arxiv.org/abs/1608.03981; folding 2 x 2 pixels into channels first: Zhang et al. 2018, https://arxiv.org/abs/1710.04026.
/// What crosses at each level is part of the features, so that only an open bottleneck lets it through: behind any other it would be no bottleneck.</remarks>
public sealed record UShapedNetworkOptions : NetworkOptions
{
    /// <summary>Channels of each level, from the finest; each level halves the picture.</summary>
    public IReadOnlyList<int> Channels { get; init; } = [32, 64];

    /// <summary>Residual blocks of two convolutions at each level, on the way down and on the way up.</summary>
    public int Blocks { get; init; } = 1;

    /// <summary>Side of the squares of pixels that are folded into channels before the first level, 1 for none.</summary>
    public int Fold { get; init; } = 2;

    internal override UInt128 EncoderWeightCount(InputOptions input) => (9 * (((UInt128)input.Shape[0] * (UInt128)(Fold * Fold) * (UInt128)Channels[0]) + BlockWeights())) + (4 * Chain(Channels));

    internal override UInt128 DecoderWeightCount(InputOptions input, int latentSize) => (9 * (((UInt128)input.Shape[0] * (UInt128)(Fold * Fold) * (UInt128)Channels[0]) + BlockWeights())) + (4 * Chain(Channels));

    internal override long FeatureCount(InputOptions input) =>
        input.Length + Channels.Select((channels, level) => (long)channels * (input.Shape[1] / Fold >> level) * (input.Shape[2] / Fold >> level)).Sum();

    internal override Encoder BuildEncoder(InputOptions input) => new UShapedEncoder(this, input);

    internal override Decoder BuildDecoder(InputOptions input, int latentSize, Encoder encoder, Bottleneck bottleneck) => new UShapedDecoder(this, input);

    internal override IEnumerable<string> Faults(AutoencoderOptions options)
    {
        foreach (var fault in base.Faults(options).Concat(WidthFaults("channels", Channels)))
        {
            yield return fault;
        }

        if (Channels.Count is 0 or > 8 || Blocks is < 1 or > 32 || Fold is < 1 or > 8)
        {
            yield return $"network u-shaped takes 1 to 8 levels of channels, 1 to 32 blocks and a fold of 1 to 8, got {Channels.Count}, {Blocks} and {Fold}.";
            yield break;
        }

        if (options.Bottleneck is not OpenOptions)
        {
            yield return "network u-shaped hands the input across every level, which would defeat a bottleneck. Use --bottleneck open with a --corruption, or --network convolutional.";
        }

        var step = Fold << (Channels.Count - 1);
        if (options.Input is { Shape: not [_, _, _] } other)
        {
            yield return $"network u-shaped needs pictures [channel, height, width], but a sample is [{string.Join(", ", other.Shape)}].";
        }
        else if (options.Input is { } input && (input.Shape[1] % step != 0 || input.Shape[2] % step != 0))
        {
            yield return $"network u-shaped with {Channels.Count} levels and a fold of {Fold} needs sides that are multiples of {step}, got {input.Shape[1]} x {input.Shape[2]}. Use --size or --tile.";
        }
    }

    private UInt128 BlockWeights() => Channels.Aggregate((UInt128)0, (sum, channels) => sum + ((UInt128)channels * (UInt128)channels * 2 * (UInt128)Blocks));
}
