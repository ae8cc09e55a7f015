using Hourglass.Engine;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Hourglass.Bottlenecks;

/// <summary>Each latent is rounded to a few evenly spaced levels between -1 and 1: a codebook that needs no learning.</summary>
/// <remarks>Mentzer et al. 2023, https://arxiv.org/abs/2309.15505.</remarks>
public sealed record FiniteScalarOptions : BottleneckOptions, IDiscreteOptions
{
    /// <summary>Levels of each latent.</summary>
    public int Levels { get; init; } = 5;

    int IDiscreteOptions.Symbols => Levels;

    internal override Bottleneck Build(int featureSize, int latentSize, InputOptions input) => new FiniteScalar(this, featureSize, latentSize);

    internal override IEnumerable<string> Faults(AutoencoderOptions options)
    {
        if (Levels is < 2 or > 256)
        {
            yield return $"bottleneck finite-scalar: levels must be from 2 to 256, got {Levels}.";
        }
    }
}

/// <summary>tanh, then rounding with a straight-through gradient.</summary>
internal sealed class FiniteScalar : Bottleneck, IDiscreteBottleneck
{
    private readonly FiniteScalarOptions _options;
    private readonly Linear _projection;

    public FiniteScalar(FiniteScalarOptions options, int featureSize, int latentSize)
        : base(nameof(FiniteScalar))
    {
        _options = options;
        _projection = Linear(featureSize, latentSize);
        RegisterComponents();
    }

    public override Linear Projection => _projection;

    private double Half => (_options.Levels - 1) / 2.0;

    public override Latent Forward(Tensor features, StepContext context)
    {
        var bounded = _projection.call(features).tanh();
        var levels = Latents(Symbols(bounded.detach()));
        return new Latent(bounded + (levels - bounded).detach(), zeros(features.shape[0], device: features.device));
    }

    public Tensor Symbols(Tensor latents) => ((latents + HeldScalar.Of(1)) * HeldScalar.Of(Half)).round().to(ScalarType.Int64);

    public Tensor Latents(Tensor symbols) => (symbols.to(ScalarType.Float32) * HeldScalar.Of(1 / Half)) - HeldScalar.Of(1);

    internal override IEnumerable<(string Name, double Value)> Figures(Tensor latents)
    {
        using var scope = NewDisposeScope();
        var one = functional.one_hot(Symbols(latents), _options.Levels).to(ScalarType.Float64).mean([0L]); // [latent, level]
        yield return ("levelPerplexity", Math.Exp(-one.xlogy(one).sum([1L]).mean().item<double>()));
        yield return ("levels", _options.Levels);
    }
}
