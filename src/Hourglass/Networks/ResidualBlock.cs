using Hourglass.Engine;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hourglass.Networks;

/// <summary>x + convolution(activation(convolution(x))), sizes unchanged.</summary>
/// <remarks>He et al. 2016, https://arxiv.org/abs/1512.03385, without normalisation by default, as in Lim et al. 2017, https://arxiv.org/abs/1707.02921.</remarks>
internal sealed class ResidualBlock : nn.Module
{
    private readonly Conv2d _first;
    private readonly Conv2d _closing;
    private readonly ModuleList<nn.Module<Tensor, Tensor>> _normalizations = [];
    private readonly NetworkOptions _options;

    public ResidualBlock(NetworkOptions options, int channels)
        : base(nameof(ResidualBlock))
    {
        _options = options;
        (_first, _closing) = (nn.Conv2d(channels, channels, 3L, 1L, 1L), nn.Conv2d(channels, channels, 3L, 1L, 1L));
        if (Convolutional.ConvolutionalEncoder.Normalize(options.Normalization, channels) is { } normalization)
        {
            _normalizations.Add(normalization);
        }

        RegisterComponents();
    }

    /// <summary>[batch, channel, height, width] to the same.</summary>
    public Tensor Forward(Tensor values, StepContext context)
    {
        var inner = ReducedPrecision.Convolve(_first, values);
        inner = _normalizations.Count > 0 ? BatchNormalization.Apply(_normalizations[0], inner, context) : inner;
        inner = NoiseDropout.Apply(_options.Activation.Apply(inner), _options.Dropout, context);
        return values + ReducedPrecision.Convolve(_closing, inner);
    }
}

/// <summary>Self-attention over the places of a picture.</summary>
/// <remarks>Zhang et al. 2019, https://arxiv.org/abs/1805.08318; its share starts at 0.</remarks>
internal sealed class PictureAttention : nn.Module
{
    private readonly Conv2d _inward;
    private readonly Conv2d _outward;
    private readonly Parameter _share;

    public PictureAttention(int channels)
        : base(nameof(PictureAttention))
    {
        _inward = nn.Conv2d(channels, channels * 3, 1L);
        _outward = nn.Conv2d(channels, channels, 1L);
        _share = nn.Parameter(zeros(1));
        RegisterComponents();
    }

    /// <summary>[batch, channel, height, width] to the same.</summary>
    public Tensor Forward(Tensor values)
    {
        var (batch, channels, height, width) = (values.shape[0], values.shape[1], values.shape[2], values.shape[3]);
        var parts = ReducedPrecision.Convolve(_inward, values).view(batch, 3, channels, height * width);
        var (query, key, value) = (parts.select(1, 0), parts.select(1, 1), parts.select(1, 2)); // [batch, channel, place]
        var weights = (query.transpose(1, 2).matmul(key) * HeldScalar.Of(1 / Math.Sqrt(channels))).softmax(2);
        var gathered = value.matmul(weights.transpose(1, 2)).view(batch, channels, height, width);
        return values + (ReducedPrecision.Convolve(_outward, gathered) * _share);
    }
}
