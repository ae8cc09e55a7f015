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

    /// <summary>The model's number of each value of a patch: its kernels lie [channel][row][column].</summary>
    public int[] PatchOrder()
    {
        var order = new int[Patches.Length];
        for (var value = 0; value < order.Length; value++)
        {
            var (place, channel) = Math.DivRem(value, Patches.Channels);
            order[value] = (channel * Patches.Side * Patches.Side) + place;
        }

        return order;
    }
}
