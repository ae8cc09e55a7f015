using Hourglass.Engine;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hourglass.Networks.Recurrent;

/// <summary>Reads the steps, forwards and perhaps backwards; the states at the ends are the features.</summary>
internal sealed class RecurrentEncoder : Encoder
{
    private readonly RecurrentNetworkOptions _options;
    private readonly ModuleList<Embedding> _embedding = [];
    private readonly ModuleList<RecurrentMemory> _directions = [];

    public RecurrentEncoder(RecurrentNetworkOptions options, InputOptions input)
        : base(nameof(RecurrentEncoder))
    {
        _options = options;
        if (input.Vocabulary is { } vocabulary)
        {
            _embedding.Add(nn.Embedding(vocabulary, options.Width));
        }

        for (var direction = 0; direction < options.Directions; direction++)
        {
            _directions.Add(new RecurrentMemory(options, input.Vocabulary is null ? options.FrameLength(input) : options.Width));
        }

        FeatureSize = (int)options.FeatureCount(input);
        RegisterComponents();
    }

    public override int FeatureSize { get; }

    public override Tensor Forward(Tensor samples, StepContext context)
    {
        var lengths = _embedding.Count == 0 ? null : samples.ne(HeldScalar.Of(0)).sum([1L]); // [batch]
        var steps = _embedding.Count == 0 ? samples.view(samples.shape[0], samples.shape[1] / _options.Frame, -1) : _embedding[0].call(samples.to(ScalarType.Int64)); // [batch, frame, value]
        steps = NoiseDropout.Apply(steps, _options.InputDropout, context);
        var states = new List<Tensor> { Last(_directions[0], steps, lengths, context) };
        if (_options.Bidirectional)
        {
            states.Add(Last(_directions[1], Reversed(steps, lengths), lengths, context));
        }

        return NoiseDropout.Apply(cat(states, 1), _options.Dropout, context);
    }

    // The state after the last step; where lengths differ, the last layer's output at each sample's own end.
    private Tensor Last(RecurrentMemory memory, Tensor steps, Tensor? lengths, StepContext context)
    {
        var (outputs, state) = memory.Forward(steps, null, context);
        if (lengths is null)
        {
            return state.Hidden.transpose(0, 1).flatten(1);
        }

        var place = (lengths - HeldScalar.Of(1)).clamp_min(HeldScalar.Of(0)).to(ScalarType.Int64).view(-1, 1, 1).expand(-1, 1, outputs.shape[2]);
        var end = outputs.gather(1, place).squeeze(1);
        return _options.Layers == 1 ? end : end.repeat(1, _options.Layers);
    }

    private static Tensor Reversed(Tensor steps, Tensor? lengths)
    {
        if (lengths is null)
        {
            return steps.flip(1);
        }

        var place = arange(steps.shape[1], device: steps.device).unsqueeze(0); // [1, step]
        var mirrored = lengths.unsqueeze(1) - place - HeldScalar.Of(1);
        var source = where(mirrored.ge(HeldScalar.Of(0)), mirrored.to(ScalarType.Int64), place);
        return steps.gather(1, source.unsqueeze(2).expand(-1, -1, steps.shape[2]));
    }
}
