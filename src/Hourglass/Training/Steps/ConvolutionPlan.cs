using Hourglass.Bottlenecks;
using Hourglass.Kernels;
using Hourglass.Networks;
using Hourglass.Networks.Convolutional;

namespace Hourglass.Training.Steps;

/// <summary>A convolutional model's layers as the fused step sees them: pictures between them have channels last.</summary>
internal static class ConvolutionPlan
{
    private const long MostValues = 1L << 28; // of one layer for a whole batch: a gigabyte

    /// <summary>Why a convolutional model is left to automatic differentiation; null when it is not.</summary>
    public static string? Obstacle(AutoencoderOptions options, ConvolutionalNetworkOptions network) =>
        network.Attention ? "attention"
        : options.Bottleneck is SparseOptions ? "a dictionary of pictures"
        : options.Bottleneck is GaussianOptions { Draws: > 1 } ? "several draws a sample through a convolutional network"
        : options.Regularization.Contractive > 0 || options.Regularization.DecoderGradient > 0 ? "a Jacobian penalty of a convolutional network"
        : LargestLayer(options, network) * DenseMap.Padded(options.Training.PartSize(1), DenseMap.TileRows) > MostValues ? $"layers of more than {MostValues:N0} values a batch"
        : null;

    /// <summary>The layers of a model without <see cref="Obstacle"/>, and the second map of a Gaussian bottleneck.</summary>
    public static (List<FusedLayer> Layers, FusedLayer? LogVariance, int LatentLayer) Layers(AutoencoderOptions options, ConvolutionalNetworkOptions network)
    {
        var (activation, latent) = (FusedPlan.Kernel(network.Activation), options.LatentSize!.Value);
        var (layers, sizes) = (new List<FusedLayer>(), Sizes(options, network));
        int[] channels = [options.Input!.Shape[0], .. network.Channels];
        for (var place = 0; place < network.Channels.Count; place++)
        {
            var shape = Patches(network, channels[place], sizes[place], sizes[place + 1], isPlanar: place == 0);
            layers.Add(Layer($"_encoder._convolutions.{place}", new FusedConvolution(shape, channels[place + 1], Grows: false), activation, network.Dropout, Normalized(network, "_encoder", place)));
            AddBlocks(layers, network, "_encoder", place, channels[place + 1], sizes[place + 1]);
        }

        var (features, order) = (layers[^1].Outputs, Order(channels[^1], sizes[^1]));
        var logVariance = options.Bottleneck is GaussianOptions ? new FusedLayer("_bottleneck._logVariance", features, latent, DenseActivation.Linear, 0) { InputOrder = order } : null;
        layers.Add(FusedPlan.ToLatents(options, features) with { InputOrder = order });
        var latentLayer = layers.Count - 1;
        AddDecoder(layers, options, network, sizes);
        return (layers, logVariance, latentLayer);
    }

    private static void AddDecoder(List<FusedLayer> layers, AutoencoderOptions options, ConvolutionalNetworkOptions network, List<(int Height, int Width)> sizes)
    {
        int[] channels = [.. network.DecoderChannels ?? [.. network.Channels.Reverse()], options.Input!.Shape[0]];
        var (activation, order) = (FusedPlan.Kernel(network.Activation), Order(channels[0], sizes[^1]));
        layers.Add(new FusedLayer("_decoder._expand", options.LatentSize!.Value, order.Length, activation, 0) { Channels = channels[0], OutputOrder = order });
        for (var place = 0; place < channels.Length - 1; place++)
        {
            AddBlocks(layers, network, "_decoder", place, channels[place], sizes[^(place + 1)]);
            layers[^1] = layers[^1] with { Dropout = network.Dropout }; // before it grows
            var isLast = place == channels.Length - 2;
            var (made, given) = (sizes[^(place + 2)], sizes[^(place + 1)]);
            var shape = network.Upsampling == Upsampling.Resize ? PatchShape.Resized(channels[place + 1], made, given, network.KernelSize, isPlanar: isLast) : Patches(network, channels[place + 1], made, given, isPlanar: isLast);
            layers.Add(Layer($"_decoder._layers.{place}", new FusedConvolution(shape, channels[place], Grows: true), isLast ? FusedPlan.Kernel(network.OutputActivation) : activation, 0, isLast ? null : Normalized(network, "_decoder", place)));
        }
    }

    // Two convolutions that keep the picture's size, so many times; the second's result is added to what the first was given.
    private static void AddBlocks(List<FusedLayer> layers, ConvolutionalNetworkOptions network, string coder, int layer, int channels, (int Height, int Width) size)
    {
        var convolution = new FusedConvolution(PatchShape.Level(channels, size, PatchShape.BlockSide), channels, Grows: false);
        for (var block = layer * network.Blocks; block < (layer + 1) * network.Blocks; block++)
        {
            var name = $"{coder}._blocks.{block}";
            layers.Add(Layer($"{name}._first", convolution, FusedPlan.Kernel(network.Activation), network.Dropout, Normalized(network, name, 0)));
            layers.Add(Layer($"{name}._closing", convolution, DenseActivation.Linear, 0) with { ClosesBlock = true });
        }
    }

    private static string? Normalized(ConvolutionalNetworkOptions network, string part, int number) => network.Normalization == Normalization.None ? null : $"{part}._normalizations.{number}";

    private static FusedLayer Layer(string name, FusedConvolution convolution, DenseActivation activation, double dropout, string? normalization = null)
    {
        var (large, small) = (convolution.Patches.PictureLength, convolution.SmallLength);
        var channels = !convolution.Grows ? convolution.SmallChannels : convolution.Patches.IsPlanar ? 0 : convolution.Patches.Channels;
        return new FusedLayer(name, convolution.Grows ? small : large, convolution.Grows ? large : small, activation, dropout)
        {
            Convolution = convolution,
            Channels = channels,
            InputOrder = convolution.PatchOrder(),
            NormalizationName = normalization,
        };
    }

    private static PatchShape Patches(ConvolutionalNetworkOptions network, int channels, (int Height, int Width) large, (int Height, int Width) small, bool isPlanar) =>
        new(channels, large.Height, large.Width, small.Height, small.Width, network.KernelSize, network.Stride, isPlanar);

    // Height and width before the first layer and after each.
    private static List<(int Height, int Width)> Sizes(AutoencoderOptions options, ConvolutionalNetworkOptions network)
    {
        var sizes = new List<(int Height, int Width)> { (options.Input!.Shape[1], options.Input.Shape[2]) };
        foreach (var _ in network.Channels)
        {
            sizes.Add((((sizes[^1].Height - 1) / network.Stride) + 1, ((sizes[^1].Width - 1) / network.Stride) + 1));
        }

        return sizes;
    }

    // The model flattens pictures [channel][place]; here they lie [place][channel], channels padded.
    private static int[] Order(int channels, (int Height, int Width) size)
    {
        var (places, stride) = (size.Height * size.Width, DenseMap.Stride(channels));
        var order = new int[places * stride];
        for (var value = 0; value < order.Length; value++)
        {
            var (place, channel) = Math.DivRem(value, stride);
            order[value] = channel < channels ? (channel * places) + place : -1;
        }

        return order;
    }

    private static long LargestLayer(AutoencoderOptions options, ConvolutionalNetworkOptions network)
    {
        var sizes = Sizes(options, network);
        var decoder = network.DecoderChannels ?? [.. network.Channels.Reverse()];
        return Enumerable.Range(1, network.Channels.Count).Max(place =>
            (long)sizes[place].Height * sizes[place].Width * DenseMap.Stride(Math.Max(network.Channels[place - 1], decoder[^place])));
    }
}
