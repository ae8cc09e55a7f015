using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hourglass.Networks.Transformer;

/// <summary>A token for each place, made from the latents, attends to the others and becomes its patch.</summary>
internal sealed class TransformerDecoder : Decoder
{
    private readonly TransformerNetworkOptions _options;
    private readonly InputOptions _input;
    private readonly Linear _entry;
    private readonly Parameter _places;
    private readonly ParameterList _hidden = []; // the token that stands where a patch was hidden
    private readonly ModuleList<AttentionLayer> _layers = [];
    private readonly LayerNorm _last;
    private readonly Linear _output;

    public TransformerDecoder(TransformerNetworkOptions options, InputOptions input, int latentSize)
        : base(nameof(TransformerDecoder))
    {
        (_options, _input) = (options, input);
        _entry = nn.Linear(options.Pooling == TokenPooling.None ? options.Width : latentSize, options.Width);
        _places = nn.Parameter(zeros(options.Tokens(input), options.Width));
        if (options.Pooling == TokenPooling.None)
        {
            _hidden.Add(nn.Parameter(zeros(1, options.Width)));
        }

        for (var layer = 0; layer < options.DecoderLayers; layer++)
        {
            _layers.Add(new AttentionLayer(options));
        }

        _last = nn.LayerNorm(options.Width);
        _output = nn.Linear(options.Width, options.TokenLength(input));
        RegisterComponents();
    }

    public override Tensor Forward(Tensor latents, StepContext context)
    {
        var tokens = (_options.Pooling == TokenPooling.None ? All(latents) : _entry.call(latents).unsqueeze(1)) + _places;
        foreach (var layer in _layers)
        {
            tokens = layer.Forward(tokens, null, context);
        }

        return _options.OutputActivation.Apply(ReducedPrecision.Full(Patches.Join(ReducedPrecision.Map(_output, _last.call(tokens)), _options, _input)));
    }

    private Tensor All(Tensor latents)
    {
        var marked = latents.view(latents.shape[0], _places.shape[0], _options.Width + 1);
        var isVisible = marked.narrow(2, _options.Width, 1);
        return (_entry.call(marked.narrow(2, 0, _options.Width)) * isVisible) + (_hidden[0] * (Engine.HeldScalar.Of(1) - isVisible));
    }
}
