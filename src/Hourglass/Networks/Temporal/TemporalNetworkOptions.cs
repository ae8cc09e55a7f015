using Hourglass.Bottlenecks;

namespace Hourglass.Networks.Temporal;

/// <summary>Convolutions along time, strided or dilated, for series [step, channel].</summary>
/// <remarks>Dilated and causal: van den Oord et al. 2016, https://arxiv.org/abs/1609.03499; Bai et al. 2018, https://arxiv.org/abs/1803.01271.</remarks>
public sealed record TemporalNetworkOptions : NetworkOptions
{
    /// <summary>Channels of the encoder's layers.</summary>
    public IReadOnlyList<int> Channels { get; init; } = [32, 64];

    /// <summary>Steps that a kernel sees, odd.</summary>
    public int KernelSize { get; init; } = 5;

    /// <summary>How much each layer shortens the series; 1 with <see cref="Dilated"/>.</summary>
    public int Stride { get; init; } = 2;

    /// <summary>Whether each layer spreads its kernel twice as far as the one before instead of shortening the series.</summary>
    public bool Dilated { get; init; }

    /// <summary>Whether a step sees only itself and earlier ones.</summary>
    public bool Causal { get; init; }

    /// <summary>Steps from one kept place to the next.</summary>
    internal int Shrink => Dilated ? 1 : Stride;

    internal override UInt128 EncoderWeightCount(InputOptions input) => (UInt128)KernelSize * Chain([input.Shape[1], .. Channels]);

    internal override UInt128 DecoderWeightCount(InputOptions input, int latentSize) =>
        ((UInt128)Lengths(input)[^1] * (UInt128)latentSize * (UInt128)Channels[^1]) + ((UInt128)KernelSize * Chain([.. Channels.Reverse(), input.Shape[1]]));

    internal override long FeatureCount(InputOptions input) => (long)Lengths(input)[^1] * Channels[^1];

    internal override Encoder BuildEncoder(InputOptions input) => new TemporalEncoder(this, input);

    internal override Decoder BuildDecoder(InputOptions input, int latentSize, Encoder encoder, Bottleneck bottleneck) => new TemporalDecoder(this, input, latentSize);

    /// <summary>Steps before the first layer and after each.</summary>
    internal IReadOnlyList<int> Lengths(InputOptions input)
    {
        var lengths = new List<int> { input.Shape[0] };
        foreach (var _ in Channels)
        {
            lengths.Add(((lengths[^1] - 1) / Shrink) + 1);
        }

        return lengths;
    }

    internal override IEnumerable<string> Faults(AutoencoderOptions options)
    {
        foreach (var fault in base.Faults(options).Concat(WidthFaults("channels", Channels)))
        {
            yield return fault;
        }

        if (Channels.Count == 0)
        {
            yield return "network.channels must name at least one layer, for instance --channels 32,64.";
        }

        if (KernelSize is < 1 or > 255 || KernelSize % 2 == 0)
        {
            yield return $"network.kernelSize must be odd and from 1 to 255, got {KernelSize}.";
        }

        if (Stride is < 1 or > 16)
        {
            yield return $"network.stride must be from 1 to 16, got {Stride}.";
        }

        if (options.Input is { } input && input.Shape.Count != 2)
        {
            yield return $"network temporal needs series [step, channel], but a sample is [{string.Join(", ", input.Shape)}]. Read the data with --series or --window, or use another network.";
        }
    }
}
