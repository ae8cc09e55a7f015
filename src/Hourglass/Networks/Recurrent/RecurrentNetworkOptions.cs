using System.Text.Json.Serialization;
using Hourglass.Bottlenecks;

namespace Hourglass.Networks.Recurrent;

/// <summary>A recurrent network reads the steps into one state; another unrolls a state into steps: for series [step, channel] and for tokens.</summary>
/// <remarks>Sutskever et al. 2014, https://arxiv.org/abs/1409.3215; as an autoencoder of series: Srivastava et al. 2015, https://arxiv.org/abs/1502.04681.
/// Padding (token 0) is neither read nor scored.</remarks>
public sealed record RecurrentNetworkOptions : NetworkOptions
{
    /// <summary>Kind of cell.</summary>
    public RecurrentCell Cell { get; init; } = RecurrentCell.Gru;

    /// <summary>Values in a state.</summary>
    public int Width { get; init; } = 64;

    /// <summary>Layers of cells, on both sides.</summary>
    public int Layers { get; init; } = 1;

    /// <summary>Steps that are read and written at once, as one frame; must divide a series' length. Long series learn faster in frames.</summary>
    public int Frame { get; init; } = 1;

    /// <summary>Whether the encoder also reads from the end.</summary>
    public bool Bidirectional { get; init; }

    /// <summary>Whether the decoder is fed the step before; otherwise it sees the latents at every step.</summary>
    public bool Feedback { get; init; }

    /// <summary>With feedback: share of training steps that are fed the true step before instead of the decoder's own, at the start.</summary>
    public double TeacherForcing { get; init; } = 1;

    /// <summary>Epochs over which that share falls to 0; never when null. Bengio et al. 2015, https://arxiv.org/abs/1506.03099.</summary>
    public double? TeacherForcingEpochs { get; init; }

    /// <summary>Directions that the encoder reads in.</summary>
    internal int Directions => Bidirectional ? 2 : 1;

    internal override UInt128 EncoderWeightCount(InputOptions input) => (UInt128)Directions * CellWeights(input.Vocabulary is null ? FrameLength(input) : Width);

    internal override UInt128 DecoderWeightCount(InputOptions input, int latentSize) =>
        CellWeights(latentSize) + ((UInt128)latentSize * (UInt128)Width) + ((UInt128)Width * (UInt128)(input.Vocabulary ?? FrameLength(input)));

    /// <summary>Values in a frame.</summary>
    internal int FrameLength(InputOptions input) => Frame * input.Shape[1];

    internal override long FeatureCount(InputOptions input) => (long)Width * Layers * Directions;

    internal override Encoder BuildEncoder(InputOptions input) => new RecurrentEncoder(this, input);

    internal override Decoder BuildDecoder(InputOptions input, int latentSize, Encoder encoder, Bottleneck bottleneck) => new RecurrentDecoder(this, input, latentSize);

    internal override IEnumerable<string> Faults(AutoencoderOptions options)
    {
        foreach (var fault in base.Faults(options))
        {
            yield return fault;
        }

        if (Width is < 1 or > 1 << 14 || Layers is < 1 or > 16)
        {
            yield return $"network recurrent takes a width of 1 to {1 << 14} and 1 to 16 layers, got {Width} and {Layers}.";
        }

        if (TeacherForcing is not (>= 0 and <= 1) || TeacherForcingEpochs is { } epochs && !(epochs > 0 && double.IsFinite(epochs)))
        {
            yield return $"network recurrent: teacherForcing must be from 0 to 1 and teacherForcingEpochs above 0, got {TeacherForcing} and {TeacherForcingEpochs}.";
        }

        if (Frame < 1 || (options.Input is { } whole && whole.Shape[0] % Frame != 0) || (Frame > 1 && options.Input?.Vocabulary is not null))
        {
            yield return $"network recurrent: frame must divide the steps of a series ({options.Input?.Shape[0]}) and be 1 for tokens, got {Frame}.";
        }

        if (options.Input is { Vocabulary: null } input && input.Shape.Count != 2)
        {
            yield return $"network recurrent needs series [step, channel] or tokens, but a sample is [{string.Join(", ", input.Shape)}]. Read the data with --series or --window, or use another network.";
        }
    }

    private UInt128 CellWeights(int inputs) => (UInt128)(Cell == RecurrentCell.Lstm ? 4 : 3) * (UInt128)Width * (UInt128)(inputs + Width);
}

/// <summary>Kinds of recurrent cells.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<RecurrentCell>))]
public enum RecurrentCell
{
    /// <summary>Cho et al. 2014, https://arxiv.org/abs/1406.1078.</summary>
    Gru,

    /// <summary>Hochreiter and Schmidhuber 1997, https://doi.org/10.1162/neco.1997.9.8.1735.</summary>
    Lstm,
}
