namespace Hourglass.Networks;

/// <summary>How many weights options ask for, without building anything.</summary>
internal static class ParameterCount
{
    /// <summary>A lower bound: the products of neighbouring widths.</summary>
    public static UInt128 AtLeast(AutoencoderOptions options)
    {
        var (input, network, latentSize) = (options.Input!, options.Network!, options.LatentSize!.Value);
        return network.EncoderWeightCount(input) + network.DecoderWeightCount(input, latentSize)
            + (options.Bottleneck is Bottlenecks.OpenOptions ? 0 : (UInt128)network.FeatureCount(input) * (UInt128)latentSize)
            + options.Bottleneck.WeightCount(options) + options.Objective!.WeightCount(options);
    }
}
