using System.Text.Json.Serialization;
using Hourglass.Bottlenecks;

namespace Hourglass.Networks.Convolutional;

/// <summary>Strided convolutions down, transposed or resized convolutions up; any picture size and channel count.</summary>
public sealed record ConvolutionalNetworkOptions : NetworkOptions
{
    /// <summary>Channels of the encoder's layers, each of which shrinks the picture by <see cref="Stride"/>.</summary>
    public IReadOnlyList<int> Channels { get; init; } = [32, 64];

    /// <summary>Channels of the decoder's layers, from the smallest picture up; the encoder's, mirrored, when null.</summary>
    public IReadOnlyList<int>? DecoderChannels { get; init; }

    /// <summary>Width of the square kernels, odd.</summary>
    public int KernelSize { get; init; } = 3;

    /// <summary>How much each layer shrinks the picture.</summary>
    public int Stride { get; init; } = 2;

    /// <summary>Residual blocks after each layer of the encoder and before each of the decoder.</summary>
    public int Blocks { get; init; }

    /// <summary>Whether the smallest picture's places attend to one another, on both sides.</summary>
    public bool Attention { get; init; }

    /// <summary>How the decoder grows the picture.</summary>
    public Upsampling Upsampling { get; init; } = Upsampling.Transposed;

    internal override UInt128 EncoderWeightCount(InputOptions input) => (UInt128)(KernelSize * KernelSize) * Chain([input.Shape[0], .. Channels]);

    internal override UInt128 DecoderWeightCount(InputOptions input, int latentSize)
    {
        var (height, width) = Smallest(input);
        int[] channels = [.. DecoderChannels ?? [.. Channels.Reverse()]];
        return ((UInt128)height * (UInt128)width * (UInt128)latentSize * (UInt128)channels[0]) + ((UInt128)(KernelSize * KernelSize) * Chain([.. channels, input.Shape[0]]));
    }

    internal override long FeatureCount(InputOptions input) => (long)Smallest(input).Height * Smallest(input).Width * Channels[^1];

    internal override Encoder BuildEncoder(InputOptions input) => new ConvolutionalEncoder(this, input.Shape);

    internal override Decoder BuildDecoder(InputOptions input, int latentSize, Encoder encoder, Bottleneck bottleneck) =>
        new ConvolutionalDecoder(this, input.Shape, latentSize, ((ConvolutionalEncoder)encoder).Sizes);

    internal override IEnumerable<string> Faults(AutoencoderOptions options)
    {
        var faults = base.Faults(options).Concat(WidthFaults("channels", Channels)).Concat(WidthFaults("decoderChannels", DecoderChannels)).ToList();
        if (Channels.Count == 0)
        {
            faults.Add("network.channels must name at least one layer, for instance --channels 32,64.");
        }

        if (KernelSize is < 1 or > 31 || KernelSize % 2 == 0)
        {
            faults.Add($"network.kernelSize must be odd and from 1 to 31, got {KernelSize}.");
        }

        if (Blocks is < 0 or > 32)
        {
            faults.Add($"network.blocks must be from 0 to 32, got {Blocks}.");
        }

        if (Stride is < 1 or > 8)
        {
            faults.Add($"network.stride must be from 1 to 8, got {Stride}.");
        }

        if (DecoderChannels is { } decoder && decoder.Count != Channels.Count)
        {
            faults.Add($"network.decoderChannels must have as many layers as network.channels ({Channels.Count}), got {decoder.Count}.");
        }

        if (options.Input is { Shape.Count: not 3 } input)
        {
            faults.Add($"network convolutional needs pictures [channel, height, width], but a sample is [{string.Join(", ", input.Shape)}]. Use --network dense.");
        }

        return faults;
    }

    private (int Height, int Width) Smallest(InputOptions input) =>
        Channels.Aggregate((Height: input.Shape[1], Width: input.Shape[2]), (size, _) => (((size.Height - 1) / Stride) + 1, ((size.Width - 1) / Stride) + 1));
}

/// <summary>How the decoder grows the picture.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<Upsampling>))]
public enum Upsampling
{
    /// <summary>Transposed convolution.</summary>
    Transposed,

    /// <summary>Nearest-neighbour resize, then convolution: no checkerboard. Odena et al. 2016, https://distill.pub/2016/deconv-checkerboard.</summary>
    Resize,
}
