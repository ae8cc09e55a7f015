using Hourglass.Bottlenecks;

namespace Hourglass.Networks.Dense;

/// <summary>Fully connected layers of any depth and width; wider than the input makes the model overcomplete.</summary>
public sealed record DenseNetworkOptions : NetworkOptions
{
    /// <summary>Widths of the encoder's hidden layers; empty for one linear map.</summary>
    public IReadOnlyList<int> Hidden { get; init; } = [128];

    /// <summary>Widths of the decoder's hidden layers; the encoder's, mirrored, when null.</summary>
    public IReadOnlyList<int>? DecoderHidden { get; init; }

    /// <summary>Whether the decoder uses the encoder's weights, transposed, with biases of its own.</summary>
    public bool TiedWeights { get; init; }

    internal override UInt128 EncoderWeightCount(InputOptions input) => Hidden.Count > 0 ? Chain([input.Length, .. Hidden]) : 0;

    internal override UInt128 DecoderWeightCount(InputOptions input, int latentSize) =>
        TiedWeights ? 0 : Chain([latentSize, .. DecoderHidden ?? [.. Hidden.Reverse()], input.OutputLength]);

    internal override long FeatureCount(InputOptions input) => Hidden.Count > 0 ? Hidden[^1] : input.Length;

    internal override Encoder BuildEncoder(InputOptions input) => new DenseEncoder(this, input.Length);

    internal override Decoder BuildDecoder(InputOptions input, int latentSize, Encoder encoder, Bottleneck bottleneck) =>
        TiedWeights
            ? new TiedDenseDecoder(this, input.Length, (DenseEncoder)encoder, bottleneck)
            : new DenseDecoder(this, latentSize, input.OutputLength);

    internal override IEnumerable<string> Faults(AutoencoderOptions options)
    {
        var faults = base.Faults(options).Concat(WidthFaults("hidden", Hidden)).Concat(WidthFaults("decoderHidden", DecoderHidden)).ToList();
        if (TiedWeights && DecoderHidden is not null)
        {
            faults.Add("network.tiedWeights mirrors the encoder, so network.decoderHidden must be left out.");
        }

        return faults;
    }
}
