using Hourglass.Engine;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hourglass.Bottlenecks.Priors;

/// <summary>A mixture of the posteriors of pseudo-samples, which are learnt.</summary>
/// <remarks>Tomczak and Welling 2018, https://arxiv.org/abs/1705.07120, equation 9.</remarks>
public sealed record VampPriorOptions : LatentPriorOptions
{
    /// <summary>Number of pseudo-samples.</summary>
    public int PseudoSamples { get; init; } = 500;

    internal override LatentPrior Build(int latentSize, InputOptions input) => new VampPrior(PseudoSamples, input);

    internal override IEnumerable<string> Faults() => CountFaults("pseudoSamples", PseudoSamples, 10_000);

    internal override UInt128 WeightCount(int latentSize, int sampleLength) => (UInt128)PseudoSamples * (UInt128)sampleLength;
}

/// <summary>Mean over pseudo-samples u of q(z | u), each with equal weight.</summary>
internal sealed class VampPrior : LatentPrior
{
    private readonly Parameter _samples;
    private readonly InputOptions _input;
    private Func<Tensor, (Tensor Mean, Tensor LogVariance)>? _posterior;

    public VampPrior(int count, InputOptions input)
        : base(nameof(VampPrior))
    {
        _input = input;
        _samples = nn.Parameter(rand([count, input.Length]));
        RegisterComponents();
    }

    /// <summary>Receives the encoder with the bottleneck's two maps.</summary>
    public void Attach(Func<Tensor, (Tensor Mean, Tensor LogVariance)> posterior) => _posterior = posterior;

    public override Tensor LogDensity(Tensor latents)
    {
        var (mean, logVariance) = Posterior();
        var even = full([mean.shape[0]], (float)-Math.Log(mean.shape[0]), device: latents.device);
        return MixturePrior.LogDensity(latents, mean, logVariance, even);
    }

    public override Tensor Sample(long count, Generator noise)
    {
        var (mean, logVariance) = Posterior();
        return MixturePrior.Sample(count, noise, mean, logVariance, ones(mean.shape[0]));
    }

    /// <summary>Pseudo-samples start as samples.</summary>
    public override void Initialize(Func<Tensor> means, Tensor samples, Generator noise)
    {
        var count = Math.Min(_samples.shape[0], samples.shape[0]);
        _samples.narrow(0, 0, count).copy_(samples.flatten(1).narrow(0, 0, count));
    }

    private (Tensor Mean, Tensor LogVariance) Posterior()
    {
        var samples = _input.IsUnitInterval ? _samples.clamp(HeldScalar.Of(0), HeldScalar.Of(1)) : _samples;
        return _posterior!(samples.reshape([_samples.shape[0], .. _input.Shape.Select(size => (long)size)]));
    }
}
