using Hourglass.Engine;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hourglass.Networks.Transformer;

/// <summary>Tokens, of which only the visible ones are attended to; their mean or all of them are the features.</summary>
internal sealed class TransformerEncoder : Encoder
{
    private readonly TransformerNetworkOptions _options;
    private readonly InputOptions _input;
    private readonly ModuleList<Embedding> _embedding = [];
    private readonly ModuleList<Linear> _patches = [];
    private readonly Parameter _places;
    private readonly ModuleList<AttentionLayer> _layers = [];
    private readonly LayerNorm _last;

    public TransformerEncoder(TransformerNetworkOptions options, InputOptions input)
        : base(nameof(TransformerEncoder))
    {
        (_options, _input) = (options, input);
        if (input.Vocabulary is { } vocabulary)
        {
            _embedding.Add(nn.Embedding(vocabulary, options.Width));
        }
        else
        {
            _patches.Add(nn.Linear(options.TokenLength(input), options.Width));
        }

        _places = nn.Parameter(zeros(options.Tokens(input), options.Width));
        for (var layer = 0; layer < options.Layers; layer++)
        {
            _layers.Add(new AttentionLayer(options));
        }

        _last = nn.LayerNorm(options.Width);
        FeatureSize = (int)options.FeatureCount(input);
        RegisterComponents();
    }

    public override int FeatureSize { get; }

    public override Tensor Forward(Tensor samples, StepContext context)
    {
        var tokens = (_embedding.Count > 0 ? _embedding[0].call(samples.to(ScalarType.Int64)) : _patches[0].call(Patches.Cut(samples, _options, _input))) + _places; // [batch, token, width]
        var places = _options.HiddenShare > 0 && context.Noise is not null && (context.IsTraining || _options.Pooling == TokenPooling.None) ? Visible(tokens, context) : null;
        tokens = places is null ? tokens : tokens.gather(1, places.unsqueeze(2).expand(-1, -1, tokens.shape[2]));
        var isText = _embedding.Count > 0 ? samples.ne(HeldScalar.Of(0)) : null; // [batch, token]
        isText = isText is not null && places is not null ? isText.gather(1, places) : isText;
        foreach (var layer in _layers)
        {
            tokens = layer.Forward(tokens, isText?.unsqueeze(1).unsqueeze(1), context);
        }

        tokens = _last.call(tokens);
        return _options.Pooling == TokenPooling.Mean ? Mean(tokens, isText) : All(tokens, places, samples.shape[0]);
    }

    public override Tensor Seen(Tensor samples, Tensor features)
    {
        if (_options.Pooling == TokenPooling.Mean)
        {
            return samples;
        }

        var marks = features.view(samples.shape[0], _places.shape[0], -1).narrow(2, _options.Width, 1); // 1 where a token was visible
        return (_embedding.Count > 0 ? samples * marks.squeeze(2) : Patches.Join(Patches.Cut(samples, _options, _input) * marks, _options, _input)).reshape(samples.shape);
    }

    private Tensor Visible(Tensor tokens, StepContext context)
    {
        var count = Math.Max(1, (long)Math.Round(tokens.shape[1] * (1 - _options.HiddenShare)));
        return context.Uniform([tokens.shape[0], tokens.shape[1]], tokens).argsort(1).narrow(1, 0, count);
    }

    private static Tensor Mean(Tensor tokens, Tensor? isText)
    {
        if (isText is null)
        {
            return tokens.mean([1L]);
        }

        var weights = isText.to_type(tokens.dtype).unsqueeze(2);
        return (tokens * weights).sum([1L]) / weights.sum([1L]).clamp_min(HeldScalar.Of(1));
    }

    // Every place has its token and a 1, or zeros where it was hidden.
    private Tensor All(Tensor tokens, Tensor? places, long batch)
    {
        var marked = cat([tokens, ones(tokens.shape[0], tokens.shape[1], 1, device: tokens.device)], 2);
        return places is null
            ? marked.flatten(1)
            : zeros(batch, _places.shape[0], marked.shape[2], device: tokens.device).scatter(1, places.unsqueeze(2).expand(-1, -1, marked.shape[2]), marked).flatten(1);
    }
}

/// <summary>Between samples and rows of patch values.</summary>
internal static class Patches
{
    /// <summary>[batch, ...sample shape] to [batch, token, value].</summary>
    public static Tensor Cut(Tensor samples, TransformerNetworkOptions options, InputOptions input)
    {
        var batch = samples.shape[0];
        if (input.Shape.Count != 3)
        {
            return samples.reshape(batch, options.Tokens(input), options.TokenLength(input));
        }

        var (channels, down, across, side) = ((long)input.Shape[0], (long)input.Shape[1] / options.Patch, (long)input.Shape[2] / options.Patch, (long)options.Patch);
        return samples.reshape(batch, channels, down, side, across, side).permute(0, 2, 4, 1, 3, 5).reshape(batch, down * across, channels * side * side);
    }

    /// <summary>The way back: [batch, token, value] to [batch, value].</summary>
    public static Tensor Join(Tensor patches, TransformerNetworkOptions options, InputOptions input)
    {
        var batch = patches.shape[0];
        if (input.Shape.Count != 3)
        {
            return patches.flatten(1);
        }

        var (channels, down, across, side) = ((long)input.Shape[0], (long)input.Shape[1] / options.Patch, (long)input.Shape[2] / options.Patch, (long)options.Patch);
        return patches.view(batch, down, across, channels, side, side).permute(0, 3, 1, 4, 2, 5).reshape(batch, -1);
    }
}
