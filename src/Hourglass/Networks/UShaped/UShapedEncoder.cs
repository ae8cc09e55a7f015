using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hourglass.Networks.UShaped;

/// <summary>The way down; its features are the input and every level's activations, side by side.</summary>
internal sealed class UShapedEncoder : Encoder
{
    private readonly UShapedNetworkOptions _options;
    private readonly ModuleList<Conv2d> _down = [];
    private readonly ModuleList<ResidualBlock> _blocks = [];

    public UShapedEncoder(UShapedNetworkOptions options, InputOptions input)
        : base(nameof(UShapedEncoder))
    {
        _options = options;
        var channels = input.Shape[0] * options.Fold * options.Fold;
        foreach (var next in options.Channels)
        {
            _down.Add(_down.Count == 0 ? nn.Conv2d(channels, next, 3L, 1L, 1L) : nn.Conv2d(channels, next, 2L, 2L));
            for (var block = 0; block < options.Blocks; block++)
            {
                _blocks.Add(new ResidualBlock(options, next));
            }

            channels = next;
        }

        FeatureSize = (int)options.FeatureCount(input);
        RegisterComponents();
    }

    public override int FeatureSize { get; }

    public override Tensor Forward(Tensor samples, StepContext context)
    {
        var values = NoiseDropout.Apply(samples, _options.InputDropout, context);
        var features = new List<Tensor> { values.flatten(1) };
        values = _options.Fold > 1 ? nn.functional.pixel_unshuffle(values, _options.Fold) : values;
        for (var level = 0; level < _down.Count; level++)
        {
            values = ReducedPrecision.Convolve(_down[level], values);
            for (var block = 0; block < _options.Blocks; block++)
            {
                values = _blocks[(level * _options.Blocks) + block].Forward(values, context);
            }

            features.Add(ReducedPrecision.Full(values.flatten(1)));
        }

        return cat(features, 1);
    }
}

/// <summary>The way up: each level adds what crossed, and the last convolution's output is added to the input.</summary>
internal sealed class UShapedDecoder : Decoder
{
    private readonly UShapedNetworkOptions _options;
    private readonly IReadOnlyList<int> _shape;
    private readonly ModuleList<ResidualBlock> _blocks = [];
    private readonly ModuleList<ConvTranspose2d> _up = [];
    private readonly Conv2d _closing;

    public UShapedDecoder(UShapedNetworkOptions options, InputOptions input)
        : base(nameof(UShapedDecoder))
    {
        (_options, _shape) = (options, input.Shape);
        for (var level = options.Channels.Count - 1; level >= 0; level--)
        {
            for (var block = 0; block < options.Blocks; block++)
            {
                _blocks.Add(new ResidualBlock(options, options.Channels[level]));
            }

            if (level > 0)
            {
                _up.Add(nn.ConvTranspose2d(options.Channels[level], options.Channels[level - 1], 2L, 2L));
            }
        }

        _closing = nn.Conv2d(options.Channels[0], input.Shape[0] * options.Fold * options.Fold, 3L, 1L, 1L);
        RegisterComponents();
    }

    public override Tensor Forward(Tensor latents, StepContext context)
    {
        var (across, input) = Split(latents);
        var (values, block) = (across[^1], 0);
        for (var level = across.Count - 1; level >= 0; level--)
        {
            for (var last = block + _options.Blocks; block < last; block++)
            {
                values = _blocks[block].Forward(values, context);
            }

            if (level > 0)
            {
                values = ReducedPrecision.Convolve(_up[across.Count - 1 - level], values) + across[level - 1];
            }
        }

        var noise = ReducedPrecision.Full(ReducedPrecision.Convolve(_closing, values));
        noise = _options.Fold > 1 ? nn.functional.pixel_shuffle(noise, _options.Fold) : noise;
        return _options.OutputActivation.Apply(input + noise.flatten(1));
    }

    private (List<Tensor> Across, Tensor Input) Split(Tensor latents)
    {
        var start = _shape.Aggregate(1L, (product, size) => product * size);
        var input = latents.narrow(1, 0, start);
        var across = new List<Tensor>();
        foreach (var (channels, level) in _options.Channels.Select((channels, level) => (channels, level)))
        {
            var (height, width) = (_shape[1] / _options.Fold >> level, _shape[2] / _options.Fold >> level);
            across.Add(latents.narrow(1, start, (long)channels * height * width).reshape(-1, channels, height, width));
            start += (long)channels * height * width;
        }

        return (across, input);
    }
}
