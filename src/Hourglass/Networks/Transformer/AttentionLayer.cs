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
        var gathered = Attend(parts.select(0, 0), parts.select(0, 1), parts.select(0, 2), visible, context).transpose(1, 2).reshape(batch, count, width);
        tokens = tokens + NoiseDropout.Apply(ReducedPrecision.Map(_outward, gathered), _options.Dropout, context);
        return tokens + NoiseDropout.Apply(ReducedPrecision.Map(_narrow, nn.functional.gelu(ReducedPrecision.Map(_wide, _second.call(tokens)))), _options.Dropout, context);
    }

    // The engine's own operation keeps no scores, but cannot be differentiated twice: penalties on Jacobians, outside the training pass, take the long way.
    private static Tensor Attend(Tensor query, Tensor key, Tensor value, Tensor? visible, StepContext context)
    {
        var hidden = visible is null ? null : where(visible, zeros_like(visible, query.dtype), full_like(visible, -1e9f, query.dtype)); // [batch, 1, 1, token], added to scores
        if (context.IsTraining || !is_grad_enabled())
        {
            return nn.functional.scaled_dot_product_attention(query, key, value, hidden);
        }

        var scores = query.matmul(key.transpose(2, 3)) * HeldScalar.Of(1 / Math.Sqrt((double)query.shape[3]));
        return (hidden is null ? scores : scores + hidden).softmax(3).matmul(value);
    }
}
