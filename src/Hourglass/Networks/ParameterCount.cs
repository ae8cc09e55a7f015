using Hourglass.Networks.Convolutional;
using Hourglass.Networks.Dense;

namespace Hourglass.Networks;

/// <summary>How many weights options ask for, without building anything.</summary>
internal static class ParameterCount
{
    /// <summary>A lower bound: the products of neighbouring widths.</summary>
    public static UInt128 AtLeast(AutoencoderOptions options)
    {
        var latent = (UInt128)options.LatentSize!.Value;
        var input = options.Input!;
        if (options.Network is DenseNetworkOptions dense)
        {
            return Chain([input.Length, .. dense.Hidden, options.LatentSize.Value])
                + (dense.TiedWeights ? 0 : Chain([options.LatentSize.Value, .. dense.DecoderHidden ?? [.. dense.Hidden.Reverse()], input.Length]));
        }

        var convolutional = (ConvolutionalNetworkOptions)options.Network!;
        var (height, width) = (input.Shape[1], input.Shape[2]);
        foreach (var _ in convolutional.Channels)
        {
            (height, width) = (((height - 1) / convolutional.Stride) + 1, ((width - 1) / convolutional.Stride) + 1);
        }

        var kernel = (UInt128)(convolutional.KernelSize * convolutional.KernelSize);
        return (kernel * Chain([input.Shape[0], .. convolutional.Channels])) + ((UInt128)height * (UInt128)width * latent * (UInt128)(convolutional.Channels[^1] + (convolutional.DecoderChannels?[0] ?? convolutional.Channels[^1])))
            + (kernel * Chain([.. convolutional.DecoderChannels ?? [.. convolutional.Channels.Reverse()], input.Shape[0]]));
    }

    private static UInt128 Chain(IReadOnlyList<int> widths) =>
        Enumerable.Range(1, widths.Count - 1).Aggregate((UInt128)0, (sum, layer) => sum + ((UInt128)widths[layer - 1] * (UInt128)widths[layer]));
}
