using System.Text.Json;
using Hourglass.Kernels;

namespace Hourglass.Scoring;

/// <summary>The convolutions of a model, as far as evaluation needs them.</summary>
/// <param name="Channels">Of the sample, then of each layer of the encoder.</param>
/// <param name="DecoderChannels">Of the smallest picture, then of each layer of the decoder; the last are the sample's.</param>
/// <param name="Sizes">Height and width of the sample, then after each layer of the encoder.</param>
/// <param name="KernelSize">Side of a patch.</param>
/// <param name="Stride">From one patch to the next.</param>
/// <param name="Blocks">Residual blocks after each layer of the encoder and before each of the decoder.</param>
/// <param name="Resizes">Whether the decoder grows pictures by repeating places, and not by transposed convolutions.</param>
internal sealed record PictureLayers(IReadOnlyList<int> Channels, IReadOnlyList<int> DecoderChannels, IReadOnlyList<(int Height, int Width)> Sizes, int KernelSize, int Stride, int Blocks, bool Resizes)
{
    private const long MostValues = 1L << 22; // of one picture between layers, channels padded: eight samples before and after a layer are 256 MB for each thread
    private const long MostPadding = 1L << 26; // weights that padding may add, so that a small file cannot ask for much memory
    private const int MostStride = 8;
    private const int MostKernel = 31;
    private const int MostBlocks = 32;

    /// <summary>Reads the network's options.</summary>
    /// <param name="network">network of model.json.</param>
    /// <param name="shape">[channel, height, width] of a sample.</param>
    /// <param name="width">Reads a size.</param>
    /// <exception cref="FormatException">Sizes are out of range.</exception>
    public static PictureLayers Of(JsonElement network, IReadOnlyList<int> shape, Func<JsonElement, IReadOnlyList<int>> width)
    {
        var (channels, decoder, kernel, stride, blocks) = (width(network.GetProperty("channels")), network.GetProperty("decoderChannels"), network.GetProperty("kernelSize").GetInt32(), network.GetProperty("stride").GetInt32(), network.GetProperty("blocks").GetInt32());
        var decoderChannels = decoder.ValueKind == JsonValueKind.Null ? [.. channels.Reverse()] : width(decoder);
        if (shape.Count != 3 || channels.Count == 0 || decoderChannels.Count != channels.Count || kernel is < 1 or > MostKernel || kernel % 2 == 0 || stride is < 1 or > MostStride || blocks is < 0 or > MostBlocks)
        {
            throw new FormatException($"convolutions of {channels.Count} and {decoderChannels.Count} layers, kernels of {kernel}, stride {stride}, {blocks} blocks, over samples of {shape.Count} axes.");
        }

        var sizes = new List<(int Height, int Width)> { (shape[1], shape[2]) };
        foreach (var _ in channels)
        {
            sizes.Add((((sizes[^1].Height - 1) / stride) + 1, ((sizes[^1].Width - 1) / stride) + 1));
        }

        return new PictureLayers([shape[0], .. channels], [.. decoderChannels, shape[0]], sizes, kernel, stride, blocks, network.GetProperty("upsampling").GetString() == "resize");
    }

    /// <summary>Why the kernels do not run them; null when they do.</summary>
    /// <param name="latents">Values of a latent.</param>
    public string? Obstacle(int latents)
    {
        if (Enumerable.Range(1, Channels.Count - 1).Any(layer => Places(layer) * DenseMap.Stride(Math.Max(Channels[layer], DecoderChannels[^(layer + 1)])) > MostValues))
        {
            return $"pictures of more than {MostValues:N0} values between layers";
        }

        var padding = Places(Channels.Count - 1) * latents * Math.Max(DenseMap.Stride(Channels[^1]) - Channels[^1], DenseMap.Stride(DecoderChannels[0]) - DecoderChannels[0]);
        return padding > MostPadding ? $"channels too few for {latents} latents of so large a picture" : null;
    }

    /// <summary>Patches of the picture before a layer of the encoder, or after the layer of the decoder that undoes it.</summary>
    /// <param name="layer">Number of the encoder's layer.</param>
    /// <param name="channels">Of the larger picture.</param>
    public PatchShape Patches(int layer, int channels) =>
        new(channels, Sizes[layer].Height, Sizes[layer].Width, Sizes[layer + 1].Height, Sizes[layer + 1].Width, KernelSize, Stride, IsPlanar: layer == 0);

    /// <summary>Patches of the picture that a layer of the decoder makes.</summary>
    /// <param name="layer">Number of the encoder's layer that it undoes.</param>
    /// <param name="channels">Of the larger picture.</param>
    public PatchShape Grown(int layer, int channels) =>
        Resizes ? PatchShape.Resized(channels, Sizes[layer], Sizes[layer + 1], KernelSize, isPlanar: layer == 0) : Patches(layer, channels);

    private long Places(int layer) => (long)Sizes[layer].Height * Sizes[layer].Width;

    /// <summary>The model's number of each value of the smallest picture as it lies in memory; -1 for padding. The model flattens [channel][place]; here they lie [place][channel], channels padded.</summary>
    public int[] Order(int channels)
    {
        var (places, stride) = (Sizes[^1].Height * Sizes[^1].Width, DenseMap.Stride(channels));
        var order = new int[places * stride];
        for (var value = 0; value < order.Length; value++)
        {
            var (place, channel) = Math.DivRem(value, stride);
            order[value] = channel < channels ? (channel * places) + place : -1;
        }

        return order;
    }
}
