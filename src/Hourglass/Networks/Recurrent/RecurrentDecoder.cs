using Hourglass.Engine;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hourglass.Networks.Recurrent;

/// <summary>The latents set the first state and stand at every step; with feedback, the step before stands there too.</summary>
internal sealed class RecurrentDecoder : Decoder
{
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
        var fed = !options.Feedback ? 0 : input.Vocabulary is null ? input.Shape[1] : options.Width;
        if (options.Feedback && input.Vocabulary is { } vocabulary)
        {
            _embedding.Add(nn.Embedding(vocabulary, options.Width));
        }

        _start = nn.Linear(latentSize, (long)options.Width * options.Layers);
        _memory = new RecurrentMemory(options, latentSize + fed);
        _output = nn.Linear(options.Width, input.Vocabulary ?? input.Shape[1]);
        RegisterComponents();
    }

    private long Steps => _input.Shape[0];

    public override Linear Dictionary => _start;

    public override Tensor Forward(Tensor latents, StepContext context)
    {
        var hidden = _start.call(latents).tanh().view(latents.shape[0], _options.Layers, _options.Width).transpose(0, 1).contiguous();
        var state = new RecurrentState(hidden, _options.Cell == RecurrentCell.Lstm ? zeros_like(hidden) : null);
        var outputs = !_options.Feedback ? Output(_memory.Forward(Repeated(latents, Steps), state).Outputs, context)
            : context.Target is { } target && TeachingShare(context) >= 1 ? Taught(latents, target, state, context)
            : Unrolled(latents, state, context);
        return _options.OutputActivation.Apply(outputs.flatten(1));
    }

    private static Tensor Repeated(Tensor latents, long steps) => latents.unsqueeze(1).expand(latents.shape[0], steps, latents.shape[1]);

    private double TeachingShare(StepContext context) => !context.IsTraining ? 0
        : _options.TeacherForcing * (_options.TeacherForcingEpochs is { } epochs ? Math.Max(0, 1 - (context.Epoch / epochs)) : 1);

    private Tensor Output(Tensor states, StepContext context) => _output.call(NoiseDropout.Apply(states, _options.Dropout, context));

    // All steps at once: each is fed the true step before it.
    private Tensor Taught(Tensor latents, Tensor target, RecurrentState state, StepContext context)
    {
        var steps = Fed(target.reshape([target.shape[0], .. _input.Shape.Select(size => (long)size)]));
        var before = cat([zeros_like(steps.narrow(1, 0, 1)), steps.narrow(1, 0, Steps - 1)], 1);
        return Output(_memory.Forward(cat([Repeated(latents, Steps), before], 2), state).Outputs, context);
    }

    private Tensor Unrolled(Tensor latents, RecurrentState state, StepContext context)
    {
        var share = TeachingShare(context);
        var truth = share > 0 && context.Target is { } target ? Fed(target.reshape([target.shape[0], .. _input.Shape.Select(size => (long)size)])) : null;
        var taught = truth is null ? null : rand([latents.shape[0], Steps, 1], device: latents.device, generator: context.Noise).lt(HeldScalar.Of(Math.Round(share, 3)));
        var before = zeros(latents.shape[0], 1, FedSize, device: latents.device);
        var outputs = new List<Tensor>();
        for (var step = 0L; step < Steps; step++)
        {
            (var states, state) = _memory.Forward(cat([latents.unsqueeze(1), before], 2), state);
            var output = Output(states, context); // [batch, 1, value]
            outputs.Add(output);
            var own = Fed(_input.Vocabulary is null ? output : output.argmax(2L).to(ScalarType.Float32));
            before = truth is null ? own : where(taught!.narrow(1, step, 1), truth.narrow(1, step, 1), own);
        }

        return cat(outputs, 1);
    }

    private Tensor Fed(Tensor steps) => _embedding.Count == 0 ? steps : _embedding[0].call(steps.to(ScalarType.Int64));

    private long FedSize => _input.Vocabulary is null ? _input.Shape[1] : _options.Width;
}
