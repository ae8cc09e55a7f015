using Hourglass.Kernels;

namespace Hourglass.Training.Steps;

/// <summary>A convolution: patches of a larger picture on one side, places of a smaller one on the other.</summary>
/// <param name="Patches">Of the larger picture: one for each place of the smaller.</param>
/// <param name="SmallChannels">Channels of the smaller.</param>
/// <param name="Grows">Whether it leads from the smaller picture to the larger: a transposed convolution.</param>
internal sealed record FusedConvolution(PatchShape Patches, int SmallChannels, bool Grows)
{
    /// <summary>Values of a smaller picture, channels last and padded.</summary>
    public int SmallLength => Patches.Places * DenseMap.Stride(SmallChannels);

    /// <summary>In the model's weights, from the kernel of one of the smaller picture's channels to the next one's: kernels lie [smaller][larger][row][column], or, after resizing, the other way round.</summary>
    public int KernelStep => Patches.Repeats is null ? Patches.Length : Square;

    private int Square => Patches.Side * Patches.Side;

    /// <summary>The model's number of each value of a patch, from the first of a channel's kernel. What a place adds to a resized picture is the kernel turned round.</summary>
    public int[] PatchOrder()
    {
        var order = new int[Patches.Length];
        for (var value = 0; value < order.Length; value++)
        {
            var (place, channel) = Math.DivRem(value, Patches.Channels);
            order[value] = Patches.Repeats is null ? (channel * Square) + place : (channel * SmallChannels * Square) + Square - 1 - place;
        }

        return order;
    }
}
