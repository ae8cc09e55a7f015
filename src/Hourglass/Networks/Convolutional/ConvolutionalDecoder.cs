using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Hourglass.Networks.Convolutional;

/// <summary>One linear map to the smallest picture, then convolutions that retrace the encoder's sizes exactly.</summary>
internal sealed class ConvolutionalDecoder : Decoder
{
    private readonly Linear _expand;
    private readonly ModuleList<Module<Tensor, Tensor>> _layers = [];
    private readonly ModuleList<Module<Tensor, Tensor>> _normalizations = [];
    private readonly ModuleList<ResidualBlock> _blocks = [];
    private readonly ModuleList<PictureAttention> _attention = [];
    private readonly IReadOnlyList<(int Height, int Width)> _sizes;
    private readonly ConvolutionalNetworkOptions _options;
    private readonly int _firstChannels;

    public ConvolutionalDecoder(
        ConvolutionalNetworkOptions options, IReadOnlyList<int> shape, int latentSize, IReadOnlyList<(int Height, int Width)> encoderSizes)
        : base(nameof(ConvolutionalDecoder))
    {
        _options = options;
        _sizes = [.. encoderSizes.Reverse()];
        int[] channels = [.. options.DecoderChannels ?? [.. options.Channels.Reverse()], shape[0]];
        _firstChannels = channels[0];
        _expand = Linear(latentSize, (long)channels[0] * _sizes[0].Height * _sizes[0].Width);
        if (options.Attention)
        {
            _attention.Add(new PictureAttention(channels[0]));
        }

        for (var layer = 0; layer < channels.Length - 1; layer++)
        {
            for (var block = 0; block < options.Blocks; block++)
            {
                _blocks.Add(new ResidualBlock(options, channels[layer]));
            }

            _layers.Add(Grow(channels[layer], channels[layer + 1], _sizes[layer + 1]));
            if (layer < channels.Length - 2 && ConvolutionalEncoder.Normalize(options.Normalization, channels[layer + 1]) is { } normalization)
            {
                _normalizations.Add(normalization);
            }
        }

        RegisterComponents();
    }

    public override Linear Dictionary => _expand;

    public override Tensor Forward(Tensor latents, StepContext context)
    {
        var values = _options.Activation.Apply(ReducedPrecision.Map(_expand, latents)).reshape(-1, _firstChannels, _sizes[0].Height, _sizes[0].Width);
        values = _attention.Count > 0 ? _attention[0].Forward(values) : values;
        for (var layer = 0; layer < _layers.Count; layer++)
        {
            for (var block = layer * _options.Blocks; block < (layer + 1) * _options.Blocks; block++)
            {
                values = _blocks[block].Forward(values, context);
            }

            values = NoiseDropout.Apply(values, _options.Dropout, context);
            if (_options.Upsampling == Upsampling.Resize)
            {
                values = functional.interpolate(values, [_sizes[layer + 1].Height, _sizes[layer + 1].Width]);
            }

            values = Cut(ReducedPrecision.Convolve(_layers[layer], values), _sizes[layer + 1]); // [batch, channel, height, width]
            if (layer < _layers.Count - 1)
            {
                values = _normalizations.Count > 0 ? BatchNormalization.Apply(_normalizations[layer], values, context) : values;
                values = _options.Activation.Apply(values);
            }
        }

        return _options.OutputActivation.Apply(ReducedPrecision.Full(values.flatten(1)));
    }

    // Cutting copies, forwards and backwards, so only what is too long is cut.
    private static Tensor Cut(Tensor values, (int Height, int Width) size)
    {
        values = values.shape[2] == size.Height ? values : values.narrow(2, 0, size.Height);
        return values.shape[3] == size.Width ? values : values.narrow(3, 0, size.Width);
    }

    // The encoder went from a size to (size - 1) / stride + 1, rounded down: what rounding took away comes back as output padding, the same on both axes.
    private Module<Tensor, Tensor> Grow(int channels, int nextChannels, (int Height, int Width) size)
    {
        var (kernel, stride, padding) = ((long)_options.KernelSize, (long)_options.Stride, (long)_options.KernelSize / 2);
        return _options.Upsampling == Upsampling.Resize
            ? Conv2d(channels, nextChannels, kernel, 1, padding)
            : ConvTranspose2d(channels, nextChannels, kernel, stride, padding, Math.Max((size.Height - 1) % stride, (size.Width - 1) % stride));
    }
}
