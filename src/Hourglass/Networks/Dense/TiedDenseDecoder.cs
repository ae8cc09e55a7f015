using Hourglass.Bottlenecks;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Hourglass.Networks.Dense;

/// <summary>The encoder's maps run backwards: transposed weights, own biases.</summary>
/// <remarks>Vincent et al. 2010, section 2.2, https://www.jmlr.org/papers/v11/vincent10a.html.</remarks>
internal sealed class TiedDenseDecoder : Decoder
{
    // A delegate hides the encoder's maps from RegisterComponents: a weight is counted once, by its owner.
    private readonly Func<IReadOnlyList<Linear>> _encoderMaps;
    private readonly ParameterList _biases = [];
    private readonly ModuleList<Module<Tensor, Tensor>> _normalizations = [];
    private readonly DenseNetworkOptions _options;

    public TiedDenseDecoder(DenseNetworkOptions options, int outputSize, DenseEncoder encoder, Bottleneck bottleneck)
        : base(nameof(TiedDenseDecoder))
    {
        _options = options;
        var maps = encoder.Layers.Linears.Append(bottleneck.Projection ?? throw new OptionsException(["network.tiedWeights needs a bottleneck with a linear map of its own."])).Reverse().ToList();
        _encoderMaps = () => maps;
        int[] widths = [.. options.Hidden.Reverse(), outputSize];
        foreach (var width in widths)
        {
            _biases.Add(Parameter(zeros(width)));
        }

        foreach (var width in widths[..^1])
        {
            if (DenseLayers.Normalize(options.Normalization, width) is { } normalization)
            {
                _normalizations.Add(normalization);
            }
        }

        RegisterComponents();
    }

    public override Tensor Forward(Tensor latents, StepContext context)
    {
        var maps = _encoderMaps();
        var values = latents;
        for (var layer = 0; layer < maps.Count; layer++)
        {
            values = ReducedPrecision.Map(maps[layer].weight!.t(), _biases[layer], values);
            if (layer == maps.Count - 1)
            {
                return _options.OutputActivation.Apply(ReducedPrecision.Full(values));
            }

            values = _normalizations.Count > 0 ? BatchNormalization.Apply(_normalizations[layer], values, context) : values;
            values = NoiseDropout.Apply(_options.Activation.Apply(values), _options.Dropout, context);
        }

        return values;
    }
}
