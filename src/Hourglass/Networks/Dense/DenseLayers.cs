using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Hourglass.Networks.Dense;

/// <summary>A run of linear, normalisation, activation, dropout.</summary>
internal sealed class DenseLayers : nn.Module
{
    private readonly ModuleList<Linear> _linears = [];
    private readonly ModuleList<Module<Tensor, Tensor>> _normalizations = [];
    private readonly NetworkOptions _options;

    public DenseLayers(NetworkOptions options, int inputSize, IReadOnlyList<int> widths)
        : base(nameof(DenseLayers))
    {
        _options = options;
        OutputSize = inputSize;
        foreach (var width in widths)
        {
            _linears.Add(Linear(OutputSize, width));
            if (Normalize(options.Normalization, width) is { } normalization)
            {
                _normalizations.Add(normalization);
            }

            OutputSize = width;
        }

        RegisterComponents();
    }

    /// <summary>Width of the last layer.</summary>
    public int OutputSize { get; }

    /// <summary>The linear maps, for tying.</summary>
    public IReadOnlyList<Linear> Linears => [.. _linears];

    /// <summary>[batch, in] to [batch, out].</summary>
    public Tensor Forward(Tensor values, StepContext context)
    {
        for (var layer = 0; layer < _linears.Count; layer++)
        {
            values = ReducedPrecision.Map(_linears[layer], values);
            values = _normalizations.Count > 0 ? BatchNormalization.Apply(_normalizations[layer], values, context) : values;
            values = NoiseDropout.Apply(_options.Activation.Apply(values), _options.Dropout, context);
        }

        return values;
    }

    /// <summary>The normalisation of one layer; null for none.</summary>
    public static Module<Tensor, Tensor>? Normalize(Normalization kind, int width) => kind switch
    {
        Normalization.Batch => BatchNorm1d(width),
        Normalization.Layer => LayerNorm(width),
        _ => null,
    };
}
