using Hourglass.Engine;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hourglass.Bottlenecks.Priors;

/// <summary>A masked autoregressive flow: N(0, I) bent by layers in which each latent is shifted and scaled by those before it.</summary>
/// <remarks>Papamakarios et al. 2017, https://arxiv.org/abs/1705.07057; the masks are those of MADE, Germain et al. 2015, https://arxiv.org/abs/1502.03509.
/// A density is one pass; a draw costs one pass for each latent.</remarks>
public sealed record FlowPriorOptions : LatentPriorOptions
{
    /// <summary>Number of autoregressive layers; the order of the latents is reversed between them.</summary>
    public int Layers { get; init; } = 4;

    /// <summary>Width of each layer's hidden layer.</summary>
    public int Hidden { get; init; } = 256;

    internal override LatentPrior Build(int latentSize, InputOptions input) => new FlowPrior(this, latentSize);

    internal override IEnumerable<string> Faults() => CountFaults("layers", Layers, 64).Concat(CountFaults("hidden", Hidden, 1 << 16));

    internal override UInt128 WeightCount(int latentSize, int sampleLength) => (UInt128)Layers * (UInt128)Hidden * (UInt128)latentSize * 3;
}

/// <summary>Layers applied from data to noise: u = (z - shift(z before)) exp(-scale(z before)).</summary>
internal sealed class FlowPrior : LatentPrior
{
    private const double LargestScale = 3; // tanh bounds the log scale, so that one step cannot throw a density to infinity

    private readonly ModuleList<AutoregressiveLayer> _layers = [];
    private readonly int _latentSize;

    public FlowPrior(FlowPriorOptions options, int latentSize)
        : base(nameof(FlowPrior))
    {
        _latentSize = latentSize;
        for (var layer = 0; layer < options.Layers; layer++)
        {
            _layers.Add(new AutoregressiveLayer(latentSize, options.Hidden));
        }

        RegisterComponents();
    }

    public override Tensor LogDensity(Tensor latents)
    {
        var (values, logDeterminant) = (latents, zeros(latents.shape[0], device: latents.device));
        foreach (var layer in _layers)
        {
            var (shift, logScale) = layer.Forward(values);
            values = ((values - shift) * (-logScale).exp()).flip(1);
            logDeterminant -= logScale.sum([1L]);
        }

        return logDeterminant - (values.Squared().sum([1L]) * HeldScalar.Of(0.5)) - HeldScalar.Of(HalfLogTwoPi * _latentSize);
    }

    public override Tensor Sample(long count, Generator noise)
    {
        using var noGrad = no_grad();
        var values = randn([count, _latentSize], generator: noise);
        foreach (var layer in _layers.Reverse())
        {
            using var scope = NewDisposeScope();
            var wanted = values.flip(1);
            var found = zeros_like(wanted);
            for (var place = 0; place < _latentSize; place++)
            {
                var (shift, logScale) = layer.Forward(found);
                found.narrow(1, place, 1).copy_(((wanted * logScale.exp()) + shift).narrow(1, place, 1));
            }

            values = found.MoveToOuterDisposeScope();
        }

        return values;
    }

    private sealed class AutoregressiveLayer : nn.Module
    {
        private readonly Linear _hidden;
        private readonly Linear _shiftOutput;
        private readonly Linear _scaleOutput;
        private readonly Func<(Tensor In, Tensor Out)> _masks;

        public AutoregressiveLayer(int size, int hidden)
            : base(nameof(AutoregressiveLayer))
        {
            _hidden = nn.Linear(size, hidden);
            _shiftOutput = nn.Linear(hidden, size);
            _scaleOutput = nn.Linear(hidden, size);
            RegisterComponents();
            var degrees = Enumerable.Range(0, hidden).Select(unit => unit % Math.Max(1, size - 1)).ToArray(); // unit may see latents 0..degree
            var (inside, outside) = (new float[hidden * size], new float[size * hidden]);
            for (var unit = 0; unit < hidden; unit++)
            {
                for (var latent = 0; latent < size; latent++)
                {
                    inside[(unit * size) + latent] = latent <= degrees[unit] ? 1 : 0;
                    outside[(latent * hidden) + unit] = latent > degrees[unit] ? 1 : 0;
                }
            }

            _masks = () => (tensor(inside, hidden, size, device: _hidden.weight!.device), tensor(outside, size, hidden, device: _hidden.weight!.device));
        }

        public (Tensor Shift, Tensor LogScale) Forward(Tensor values)
        {
            var (inside, outside) = _masks();
            var features = nn.functional.linear(values, _hidden.weight! * inside, _hidden.bias).relu();
            var shift = nn.functional.linear(features, _shiftOutput.weight! * outside, _shiftOutput.bias);
            var scale = nn.functional.linear(features, _scaleOutput.weight! * outside, _scaleOutput.bias);
            return (shift, (scale * HeldScalar.Of(1 / LargestScale)).tanh() * HeldScalar.Of(LargestScale));
        }
    }
}
