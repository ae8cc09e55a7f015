using Hourglass.Engine;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hourglass.Networks.Recurrent;

/// <summary>The latents set the first state and stand at every frame, beside a clock; with feedback, the frame before stands there too.</summary>
internal sealed class RecurrentDecoder : Decoder
{
    private const int ClockHands = 4; // a sine and a cosine each, with periods of 2, 1, 1/2 and 1/4 of the series: a state need not count steps
    private readonly RecurrentNetworkOptions _options;
    private readonly InputOptions _input;
    private readonly ModuleList<Embedding> _embedding = [];
    private readonly Linear _start;
    private readonly RecurrentMemory _memory;
    private readonly Linear _output;

    public RecurrentDecoder(RecurrentNetworkOptions options, InputOptions input, int latentSize)
        : base(nameof(RecurrentDecoder))
    {
        (_options, _input) = (options, input);
        var fed = options.Feedback ? FedSize : 0;
        if (options.Feedback && input.Vocabulary is { } vocabulary)
        {
            _embedding.Add(nn.Embedding(vocabulary, options.Width));
        }

        _start = nn.Linear(latentSize, (long)options.Width * options.Layers);
        _memory = new RecurrentMemory(options, latentSize + (2 * ClockHands) + fed);
        _output = nn.Linear(options.Width, input.Vocabulary ?? options.FrameLength(input));
        RegisterComponents();
    }

    private long Frames => _input.Shape[0] / _options.Frame;

    public override Linear Dictionary => _start;

    public override Tensor Forward(Tensor latents, StepContext context)
    {
        var hidden = _start.call(latents).tanh().view(latents.shape[0], _options.Layers, _options.Width).transpose(0, 1).contiguous();
        var state = new RecurrentState(hidden, _options.Cell == RecurrentCell.Lstm ? zeros_like(hidden) : null);
        var given = cat([latents.unsqueeze(1).expand(-1, Frames, -1), Clock(latents)], 2); // [batch, frame, value]
        var outputs = !_options.Feedback ? Output(_memory.Forward(given, state, context).Outputs, context)
            : context.Target is { } target && TeachingShare(context) >= 1 ? Taught(given, target, state, context)
            : Unrolled(given, state, context);
        return _options.OutputActivation.Apply(outputs.flatten(1));
    }

    private Tensor Clock(Tensor latents)
    {
        var time = arange(Frames, dtype: ScalarType.Float32, device: latents.device).unsqueeze(1) * HeldScalar.Of(Math.PI / Frames);
        var angles = time * arange(ClockHands, dtype: ScalarType.Float32, device: latents.device).exp2(); // [frame, hand]
        return cat([angles.sin(), angles.cos()], 1).unsqueeze(0).expand(latents.shape[0], -1, -1);
    }

    private double TeachingShare(StepContext context) => !context.IsTraining ? 0
        : _options.TeacherForcing * (_options.TeacherForcingEpochs is { } epochs ? Math.Max(0, 1 - (context.Epoch / epochs)) : 1);

    private Tensor Output(Tensor states, StepContext context) => _output.call(NoiseDropout.Apply(states, _options.Dropout, context));

    // All frames at once: each is fed the true frame before it.
    private Tensor Taught(Tensor given, Tensor target, RecurrentState state, StepContext context)
    {
        var steps = Fed(Framed(target));
        var before = cat([zeros_like(steps.narrow(1, 0, 1)), steps.narrow(1, 0, Frames - 1)], 1);
        return Output(_memory.Forward(cat([given, before], 2), state, context).Outputs, context);
    }

    private Tensor Unrolled(Tensor given, RecurrentState state, StepContext context)
    {
        var share = TeachingShare(context);
        var truth = share > 0 && context.Target is { } target ? Fed(Framed(target)) : null;
        var taught = truth is null ? null : context.Uniform([given.shape[0], Frames, 1], given).lt(HeldScalar.Of(Math.Round(share, 3)));
        var before = zeros(given.shape[0], 1, FedSize, device: given.device);
        var outputs = new List<Tensor>();
        for (var step = 0L; step < Frames; step++)
        {
            (var states, state) = _memory.Forward(cat([given.narrow(1, step, 1), before], 2), state, context);
            var output = Output(states, context); // [batch, 1, value]
            outputs.Add(output);
            var own = Fed(_input.Vocabulary is null ? output : output.argmax(2L).to(ScalarType.Float32));
            before = truth is null ? own : where(taught!.narrow(1, step, 1), truth.narrow(1, step, 1), own);
        }

        return cat(outputs, 1);
    }

    private Tensor Fed(Tensor steps) => _embedding.Count == 0 ? steps : _embedding[0].call(steps.to(ScalarType.Int64));

    private Tensor Framed(Tensor target) => _input.Vocabulary is null ? target.reshape(target.shape[0], Frames, FedSize) : target.flatten(1);

    private int FedSize => _input.Vocabulary is null ? _options.FrameLength(_input) : _options.Width;
}
