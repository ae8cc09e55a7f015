using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Hourglass.Networks.Convolutional;

/// <summary>Convolutions that shrink the picture, then flattening.</summary>
internal sealed class ConvolutionalEncoder : Encoder
{
    private readonly ModuleList<Conv2d> _convolutions = [];
    private readonly ModuleList<Module<Tensor, Tensor>> _normalizations = [];
    private readonly ModuleList<ResidualBlock> _blocks = [];
    private readonly ModuleList<PictureAttention> _attention = [];
    private readonly ConvolutionalNetworkOptions _options;

    public ConvolutionalEncoder(ConvolutionalNetworkOptions options, IReadOnlyList<int> shape)
        : base(nameof(ConvolutionalEncoder))
    {
        _options = options;
        var (channels, height, width) = (shape[0], shape[1], shape[2]);
        var sizes = new List<(int Height, int Width)> { (height, width) };
        foreach (var next in options.Channels)
        {
            _convolutions.Add(Conv2d(channels, next, options.KernelSize, options.Stride, options.KernelSize / 2));
            if (Normalize(options.Normalization, next) is { } normalization)
            {
                _normalizations.Add(normalization);
            }

            for (var block = 0; block < options.Blocks; block++)
            {
                _blocks.Add(new ResidualBlock(options, next));
            }

            (channels, height, width) = (next, ((height - 1) / options.Stride) + 1, ((width - 1) / options.Stride) + 1);
            sizes.Add((height, width));
        }

        if (options.Attention)
        {
            _attention.Add(new PictureAttention(channels));
        }

        Sizes = sizes;
        FeatureSize = channels * height * width;
        RegisterComponents();
    }

    public override int FeatureSize { get; }

    /// <summary>Height and width before the first layer and after each.</summary>
    public IReadOnlyList<(int Height, int Width)> Sizes { get; }

    public override Tensor Forward(Tensor samples, StepContext context)
    {
        var values = NoiseDropout.Apply(samples, _options.InputDropout, context);
        for (var layer = 0; layer < _convolutions.Count; layer++)
        {
            values = ReducedPrecision.Convolve(_convolutions[layer], values); // [batch, channel, height, width]
            values = _normalizations.Count > 0 ? BatchNormalization.Apply(_normalizations[layer], values, context) : values;
            values = NoiseDropout.Apply(_options.Activation.Apply(values), _options.Dropout, context);
            for (var block = layer * _options.Blocks; block < (layer + 1) * _options.Blocks; block++)
            {
                values = _blocks[block].Forward(values, context);
            }
        }

        return ReducedPrecision.Full((_attention.Count > 0 ? _attention[0].Forward(values) : values).flatten(1));
    }

    /// <summary>The normalisation of one layer; null for none. Layer normalisation runs over all channels and places.</summary>
    public static Module<Tensor, Tensor>? Normalize(Normalization kind, int channels) => kind switch
    {
        Normalization.Batch => BatchNorm2d(channels),
        Normalization.Layer => LayerNormalization.OverChannels(channels),
        _ => null,
    };
}
