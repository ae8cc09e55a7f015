using Hourglass.Engine;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hourglass.Networks.Transformer;

/// <summary>Attention and a two-layer network, each after a normalisation and added to what came in.</summary>
/// <remarks>Normalisation first: Xiong et al. 2020, https://arxiv.org/abs/2002.04745.</remarks>
internal sealed class AttentionLayer : nn.Module
{
    private readonly TransformerNetworkOptions _options;
    private readonly LayerNorm _first;
    private readonly LayerNorm _second;
    private readonly Linear _inward;
    private readonly Linear _outward;
    private readonly Linear _wide;
    private readonly Linear _narrow;

    public AttentionLayer(TransformerNetworkOptions options)
        : base(nameof(AttentionLayer))
    {
        _options = options;
        var width = options.Width;
        (_first, _second) = (nn.LayerNorm(width), nn.LayerNorm(width));
        (_inward, _outward) = (nn.Linear(width, 3 * width), nn.Linear(width, width));
        (_wide, _narrow) = (nn.Linear(width, 4 * width), nn.Linear(4 * width, width));
        RegisterComponents();
    }

    /// <summary>[batch, token, width] to the same.</summary>
    /// <param name="tokens">The tokens.</param>
    /// <param name="visible">True where a token may be looked at, [batch, 1, 1, token]; null for all.</param>
    /// <param name="context">Noise for dropout.</param>
    public Tensor Forward(Tensor tokens, Tensor? visible, StepContext context)
    {
        var (batch, count, width) = (tokens.shape[0], tokens.shape[1], (long)_options.Width);
        var parts = ReducedPrecision.Map(_inward, _first.call(tokens)).view(batch, count, 3, _options.Heads, width / _options.Heads).permute(2, 0, 3, 1, 4); // [3, batch, head, token, value]
        var scores = parts[0].matmul(parts[1].transpose(2, 3)) * HeldScalar.Of(1 / Math.Sqrt((double)width / _options.Heads));
        scores = visible is null ? scores : where(visible, scores, full_like(scores, -1e9f));
        var gathered = scores.softmax(3).matmul(parts[2]).transpose(1, 2).reshape(batch, count, width);
        tokens = tokens + NoiseDropout.Apply(ReducedPrecision.Map(_outward, gathered), _options.Dropout, context);
        return tokens + NoiseDropout.Apply(ReducedPrecision.Map(_narrow, nn.functional.gelu(ReducedPrecision.Map(_wide, _second.call(tokens)))), _options.Dropout, context);
    }
}
