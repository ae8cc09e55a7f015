using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hourglass.Networks.Temporal;

/// <summary>Convolutions along time, then flattening.</summary>
internal sealed class TemporalEncoder : Encoder
{
    private readonly TemporalNetworkOptions _options;
    private readonly ModuleList<TemporalConvolution> _layers = [];

    public TemporalEncoder(TemporalNetworkOptions options, InputOptions input)
        : base(nameof(TemporalEncoder))
    {
        _options = options;
        var channels = input.Shape[1];
        foreach (var next in options.Channels)
        {
            _layers.Add(new TemporalConvolution(options, channels, next, options.Shrink, options.Dilated ? 1 << Math.Min(16, _layers.Count) : 1, isLast: false));
            channels = next;
        }

        FeatureSize = (int)options.FeatureCount(input);
        RegisterComponents();
    }

    public override int FeatureSize { get; }

    public override Tensor Forward(Tensor samples, StepContext context)
    {
        var values = NoiseDropout.Apply(samples, _options.InputDropout, context).transpose(1, 2); // [batch, channel, step]
        foreach (var layer in _layers)
        {
            values = layer.Forward(values, context);
        }

        return ReducedPrecision.Full(values.flatten(1));
    }
}

/// <summary>One linear map to the shortest series, then resizing and convolutions back along the encoder's lengths.</summary>
internal sealed class TemporalDecoder : Decoder
{
    private readonly TemporalNetworkOptions _options;
    private readonly IReadOnlyList<int> _lengths;
    private readonly Linear _expand;
    private readonly ModuleList<TemporalConvolution> _layers = [];

    public TemporalDecoder(TemporalNetworkOptions options, InputOptions input, int latentSize)
        : base(nameof(TemporalDecoder))
    {
        (_options, _lengths) = (options, [.. options.Lengths(input).Reverse()]);
        int[] channels = [.. options.Channels.Reverse(), input.Shape[1]];
        _expand = nn.Linear(latentSize, (long)channels[0] * _lengths[0]);
        for (var layer = 0; layer < channels.Length - 1; layer++)
        {
            _layers.Add(new TemporalConvolution(options, channels[layer], channels[layer + 1], 1, options.Dilated ? 1 << Math.Min(16, channels.Length - 2 - layer) : 1, isLast: layer == channels.Length - 2));
        }

        RegisterComponents();
    }

    public override Linear Dictionary => _expand;

    public override Tensor Forward(Tensor latents, StepContext context)
    {
        var values = _options.Activation.Apply(ReducedPrecision.Map(_expand, latents)).reshape(latents.shape[0], -1, _lengths[0]);
        for (var layer = 0; layer < _layers.Count; layer++)
        {
            values = _lengths[layer + 1] == values.shape[2] ? values : nn.functional.interpolate(values, [_lengths[layer + 1]]);
            values = _layers[layer].Forward(values, context);
        }

        return _options.OutputActivation.Apply(ReducedPrecision.Full(values.transpose(1, 2).flatten(1)));
    }
}

/// <summary>Padding, convolution, normalisation, activation, dropout.</summary>
internal sealed class TemporalConvolution : nn.Module
{
    private readonly TemporalNetworkOptions _options;
    private readonly Conv1d _convolution;
    private readonly ModuleList<nn.Module<Tensor, Tensor>> _normalizations = [];
    private readonly bool _isLast;
    private readonly long _before;
    private readonly long _after;

    public TemporalConvolution(TemporalNetworkOptions options, int channels, int next, int stride, int dilation, bool isLast)
        : base(nameof(TemporalConvolution))
    {
        (_options, _isLast) = (options, isLast);
        var reach = (long)(options.KernelSize - 1) * dilation;
        (_before, _after) = options.Causal ? (reach, 0) : (reach / 2, reach / 2);
        _convolution = nn.Conv1d(channels, next, options.KernelSize, stride, 0L, dilation);
        if (!isLast && Normalize(options.Normalization, next) is { } normalization)
        {
            _normalizations.Add(normalization);
        }

        RegisterComponents();
    }

    /// <summary>[batch, channel, step] to the same with other channels and perhaps fewer steps.</summary>
    public Tensor Forward(Tensor values, StepContext context)
    {
        values = ReducedPrecision.Convolve(_convolution, nn.functional.pad(values, [_before, _after]));
        values = _normalizations.Count > 0 ? BatchNormalization.Apply(_normalizations[0], values, context) : values;
        return _isLast ? values : NoiseDropout.Apply(_options.Activation.Apply(values), _options.Dropout, context);
    }

    private static nn.Module<Tensor, Tensor>? Normalize(Normalization kind, int channels) => kind switch
    {
        Normalization.Batch => nn.BatchNorm1d(channels),
        Normalization.Layer => LayerNormalization.OverChannels(channels),
        _ => null,
    };
}
