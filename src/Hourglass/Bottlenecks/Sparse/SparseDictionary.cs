using Hourglass.Engine;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Hourglass.Bottlenecks;

/// <summary>A linear map to many latents, a rule for which of them fire, and a count of how long each has been silent.</summary>
internal abstract class SparseDictionary : Bottleneck
{
    private readonly SparseOptions _options;
    private readonly int _revived;

    // Not private: registration by reflection in a derived class does not see a base class's private fields.
    private protected readonly Linear _projection;
    private protected readonly Tensor _idle; // training samples since each unit fired, [latent]
    private Func<Linear?>? _dictionary;

    protected SparseDictionary(string name, SparseOptions options, int featureSize, int latentSize, InputOptions input)
        : base(name)
    {
        _options = options;
        _revived = options.RevivedUnits ?? Math.Clamp(input.Length / 2, 1, 256);
        _projection = Linear(featureSize, latentSize);
        _idle = zeros(latentSize);
    }

    public override Linear Projection => _projection;

    protected int LatentSize => (int)_projection.weight!.shape[0];

    public sealed override Latent Forward(Tensor features, StepContext context)
    {
        var before = _projection.call(features); // [batch, latent]
        var latent = Fire(before, context);
        return context.IsTraining ? Revive(before, Count(latent, context)) : latent;
    }

    /// <summary>Which latents fire, and what it costs.</summary>
    protected abstract Latent Fire(Tensor before, StepContext context);

    internal override void Attach(Func<Tensor, Tensor> encode, Func<Linear?> dictionary) => _dictionary = dictionary;

    /// <summary>The encoder starts as the transposed decoder where their shapes allow, with directions taken from samples' deviations.</summary>
    /// <remarks>Tied starting weights: Gao et al. 2024, appendix A. Starting at samples keeps units from being born dead.</remarks>
    internal override void Initialize(Func<Tensor> features, Tensor samples, Generator noise)
    {
        if (_dictionary?.Invoke() is not { } decoder || decoder.weight!.shape[0] != _projection.weight!.shape[1])
        {
            return;
        }

        using var scope = NewDisposeScope();
        var mean = features().mean([0L]);
        var directions = randn(_projection.weight.shape, device: mean.device, generator: noise);
        directions /= directions.norm(1, keepdim: true, 2f) + HeldScalar.Of(1e-8);
        _projection.weight.copy_(directions);
        _projection.bias!.copy_(-(directions.matmul(mean)));
        decoder.weight.copy_(directions.t());
        if (decoder.bias is { } bias && decoder.weight.shape[0] == mean.shape[0])
        {
            bias.copy_(mean);
        }
    }

    internal override IEnumerable<(string Name, double Value)> Figures(Tensor latents) => Firing(latents);

    /// <summary>How many latents fire for a sample, how many for none, and for what share of samples the median one does.</summary>
    internal static IEnumerable<(string Name, double Value)> Firing(Tensor latents)
    {
        using var scope = NewDisposeScope();
        var fires = latents.ne(HeldScalar.Of(0)).to(ScalarType.Float32);
        yield return ("l0", fires.sum([1L]).mean().item<float>());
        var density = fires.mean([0L]);
        yield return ("deadShare", density.eq(HeldScalar.Of(0)).to(ScalarType.Float32).mean().item<float>());
        yield return ("medianDensity", density.median().item<float>());
    }

    private Latent Count(Latent latent, StepContext context)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var silent = context.BatchSum(latent.Values.detach().ne(HeldScalar.Of(0)).to(ScalarType.Float32).sum([0L])).eq(HeldScalar.Of(0));
        _idle.add_(HeldScalar.Of(context.BatchRows(latent.Values))).mul_(silent);
        return latent;
    }

    private Latent Revive(Tensor before, Latent latent)
    {
        if (_options.RevivalWeight == 0 || latent.Auxiliary is not null)
        {
            return latent;
        }

        var dead = _idle.gt(HeldScalar.Of(_options.DeadAfter));
        var count = (int)dead.sum().item<long>();
        if (count == 0)
        {
            return latent;
        }

        var (values, places) = where(dead, before, full_like(before, float.NegativeInfinity)).topk(Math.Min(_revived, count), 1);
        return latent with { Auxiliary = zeros_like(before).scatter(1, places, values.relu()), AuxiliaryWeight = _options.RevivalWeight };
    }
}

/// <summary>The k largest of each sample.</summary>
internal sealed class TopK : SparseDictionary
{
    private readonly int _active;

    public TopK(SparseOptions options, int active, int featureSize, int latentSize, InputOptions input)
        : base(nameof(TopK), options, featureSize, latentSize, input)
    {
        _active = active;
        RegisterComponents();
    }

    protected override Latent Fire(Tensor before, StepContext context)
    {
        var (values, places) = before.topk(_active, 1);
        return new Latent(zeros_like(before).scatter(1, places, values.relu()), zeros(before.shape[0], device: before.device));
    }
}

/// <summary>The k * batch largest of a batch; in evaluation, those above the mean of the smallest that fired in training.</summary>
internal sealed class BatchTopK : SparseDictionary
{
    private const double Memory = 0.99; // of the running threshold
    private readonly BatchTopKOptions _options;
    private readonly Tensor _threshold;

    public BatchTopK(BatchTopKOptions options, int featureSize, int latentSize, InputOptions input)
        : base(nameof(BatchTopK), options, featureSize, latentSize, input)
    {
        _options = options;
        _threshold = zeros(1);
        RegisterComponents();
    }

    protected override Latent Fire(Tensor before, StepContext context)
    {
        var positive = before.relu();
        var free = zeros(before.shape[0], device: before.device);
        if (!context.IsTraining)
        {
            return new Latent(positive * positive.gt(_threshold), free);
        }

        var flat = positive.flatten();
        var (values, places) = flat.topk((int)Math.Min((long)_options.Active * before.shape[0], flat.shape[0]), 0);
        using (no_grad())
        using (NewDisposeScope())
        {
            var smallest = values.detach().min();
            _threshold.copy_(where(_threshold.eq(HeldScalar.Of(0)), smallest, (_threshold * HeldScalar.Of(Memory)) + (smallest * HeldScalar.Of(1 - Memory))));
        }

        return new Latent(zeros_like(flat).scatter(0, places, values).view(before.shape), free);
    }
}

/// <summary>z H(z - threshold), with a window through which the thresholds learn.</summary>
internal sealed class JumpRelu : SparseDictionary
{
    private readonly JumpReluOptions _options;
    private readonly Parameter _logThreshold;

    public JumpRelu(JumpReluOptions options, int featureSize, int latentSize, InputOptions input)
        : base(nameof(JumpRelu), options, featureSize, latentSize, input)
    {
        _options = options;
        _logThreshold = Parameter(full([latentSize], (float)Math.Log(options.Threshold)));
        RegisterComponents();
    }

    protected override Latent Fire(Tensor before, StepContext context)
    {
        var positive = before.relu();
        var threshold = _logThreshold.exp();
        var gate = positive.gt(threshold).to_type(before.dtype).detach();
        var values = positive * gate;
        if (!context.IsTraining)
        {
            return new Latent(values, zeros(before.shape[0], device: before.device));
        }

        // Added zeros that carry the pseudo-derivatives -threshold/e K and -1/e K of the source's equations 11 and 12.
        var window = (positive - threshold).abs().lt(HeldScalar.Of(_options.Bandwidth / 2)).to_type(before.dtype).detach() * HeldScalar.Of(-1 / _options.Bandwidth);
        var still = threshold - threshold.detach();
        values = values + (window * threshold.detach() * still);
        var count = (gate + (window * still)).sum([1L]); // L0 of each sample
        var penalty = _options.Target is { } target
            ? ((context.BatchMean(count) * HeldScalar.Of(1 / target)) - HeldScalar.Of(1)).Squared().expand(before.shape[0]) * HeldScalar.Of(_options.L0 * target)
            : count * HeldScalar.Of(_options.L0);
        return new Latent(values, penalty);
    }
}

/// <summary>Gate and magnitude; the gate also learns by reconstructing alone, through a frozen decoder.</summary>
internal sealed class Gated : SparseDictionary
{
    private readonly GatedOptions _options;
    private readonly Parameter _logScale;
    private readonly Parameter _magnitudeShift;
    private readonly Parameter _gateShift;

    public Gated(GatedOptions options, int featureSize, int latentSize, InputOptions input)
        : base(nameof(Gated), options, featureSize, latentSize, input)
    {
        _options = options;
        (_logScale, _magnitudeShift, _gateShift) = (Parameter(zeros(latentSize)), Parameter(zeros(latentSize)), Parameter(zeros(latentSize)));
        RegisterComponents();
    }

    protected override Latent Fire(Tensor before, StepContext context)
    {
        var gate = before + _gateShift;
        var values = ((before * _logScale.exp()) + _magnitudeShift).relu() * gate.gt(HeldScalar.Of(0));
        if (!context.IsTraining)
        {
            return new Latent(values, zeros(before.shape[0], device: before.device));
        }

        var passed = gate.relu();
        return new Latent(values, passed.sum([1L]) * HeldScalar.Of(_options.L1)) { Auxiliary = passed, AuxiliaryWeight = 1, AuxiliaryIsWhole = true };
    }
}
