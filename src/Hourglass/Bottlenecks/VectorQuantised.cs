using Hourglass.Engine;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Hourglass.Bottlenecks;

/// <summary>Each run of latents is replaced by the nearest vector of a codebook.</summary>
/// <remarks>van den Oord et al. 2017, https://arxiv.org/abs/1711.00937, with the codebook as moving averages (appendix A.1); codes that fall out of use
/// restart at the encoder's outputs (Dhariwal et al. 2020, https://arxiv.org/abs/2005.00341, section 3.1).</remarks>
public sealed record VectorQuantisedOptions : BottleneckOptions, IDiscreteOptions
{
    /// <summary>Vectors in the codebook.</summary>
    public int CodebookSize { get; init; } = 256;

    /// <summary>Latents in one code; the latent size is a multiple of it.</summary>
    public int CodeSize { get; init; } = 4;

    /// <summary>Weight of the squared distance between the encoder's output and its code, per sample.</summary>
    public double Commitment { get; init; } = 0.25;

    /// <summary>Memory of the moving averages, below 1.</summary>
    public double Decay { get; init; } = 0.99;

    /// <summary>A code used less often than this in a batch, on average, restarts.</summary>
    public double RestartBelow { get; init; } = 0.1;

    int IDiscreteOptions.Symbols => CodebookSize;

    internal override Bottleneck Build(int featureSize, int latentSize, InputOptions input) => new VectorQuantised(this, featureSize, latentSize);

    internal override IEnumerable<string> Faults(AutoencoderOptions options)
    {
        if (CodebookSize is < 2 or > 1 << 20)
        {
            yield return $"bottleneck vector-quantised: codebookSize must be from 2 to {1 << 20}, got {CodebookSize}.";
        }

        if (CodeSize < 1 || (options.LatentSize is { } size && size % CodeSize != 0))
        {
            yield return $"bottleneck vector-quantised: latentSize ({options.LatentSize}) must be a multiple of codeSize ({CodeSize}). Give for instance --latent {Math.Max(1, CodeSize) * 16}.";
        }

        if (Decay is not (> 0 and < 1))
        {
            yield return $"bottleneck vector-quantised: decay must be above 0 and below 1, got {Decay}.";
        }

        foreach (var fault in NegativeFaults("vector-quantised", ("commitment", Commitment), ("restartBelow", RestartBelow)))
        {
            yield return fault;
        }
    }

    internal override UInt128 WeightCount(AutoencoderOptions options) => (UInt128)CodebookSize * (UInt128)CodeSize * 2;
}

/// <summary>A codebook kept as sums and counts; no gradient touches it.</summary>
internal sealed class VectorQuantised : Bottleneck, IDiscreteBottleneck
{
    private readonly VectorQuantisedOptions _options;
    private readonly Linear _projection;
    private readonly Tensor _codebook; // [code, value]
    private readonly Tensor _counts; // [code]
    private readonly Tensor _sums; // [code, value]

    public VectorQuantised(VectorQuantisedOptions options, int featureSize, int latentSize)
        : base(nameof(VectorQuantised))
    {
        _options = options;
        _projection = Linear(featureSize, latentSize);
        _codebook = zeros(options.CodebookSize, options.CodeSize);
        _counts = ones(options.CodebookSize);
        _sums = zeros(options.CodebookSize, options.CodeSize);
        RegisterComponents();
    }

    public override Linear Projection => _projection;

    public override Latent Forward(Tensor features, StepContext context)
    {
        var latents = _projection.call(features);
        var encoded = latents.view(-1, _options.CodeSize); // [batch * code, value]
        var nearest = Nearest(encoded.detach());
        var chosen = _codebook.index_select(0, nearest);
        if (context.IsTraining)
        {
            Learn(encoded.detach(), nearest, context.Noise!);
        }

        var penalty = (encoded - chosen).Squared().view(latents.shape[0], -1).sum([1L]) * HeldScalar.Of(_options.Commitment);
        return new Latent((encoded + (chosen - encoded).detach()).view_as(latents), penalty);
    }

    public Tensor Symbols(Tensor latents) => Nearest(latents.reshape(-1, _options.CodeSize)).view(latents.shape[0], -1);

    public Tensor Latents(Tensor symbols) => _codebook.index_select(0, symbols.flatten()).view(symbols.shape[0], -1);

    internal override void Initialize(Func<Tensor> features, Tensor samples, Generator noise)
    {
        using var scope = NewDisposeScope();
        var encoded = _projection.call(features()).view(-1, _options.CodeSize);
        _codebook.copy_(Pick(encoded, _codebook.shape[0], noise));
        _sums.copy_(_codebook);
    }

    internal override IEnumerable<(string Name, double Value)> Figures(Tensor latents)
    {
        using var scope = NewDisposeScope();
        var counts = Symbols(latents).flatten().bincount(null, _options.CodebookSize).to(ScalarType.Float64);
        var shares = counts / counts.sum();
        yield return ("perplexity", Math.Exp(-shares.xlogy(shares).sum().item<double>()));
        yield return ("codebookSize", _options.CodebookSize);
        yield return ("deadShare", counts.eq(HeldScalar.Of(0)).to(ScalarType.Float64).mean().item<double>());
    }

    private Tensor Nearest(Tensor encoded)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        return (_codebook.Squared().sum([1L]) - (encoded.matmul(_codebook.t()) * HeldScalar.Of(2))).min(1).indexes.MoveToOuterDisposeScope();
    }

    private void Learn(Tensor encoded, Tensor nearest, Generator noise)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var decay = HeldScalar.Of(_options.Decay);
        var counts = nearest.bincount(null, _options.CodebookSize).to(ScalarType.Float32);
        _counts.mul_(decay).add_(counts, HeldScalar.Of(1 - _options.Decay));
        _sums.mul_(decay).add_(zeros_like(_sums).index_add_(0, nearest, encoded, HeldScalar.Of(1)), HeldScalar.Of(1 - _options.Decay));
        var idle = _counts.lt(HeldScalar.Of(_options.RestartBelow)).unsqueeze(1);
        var fresh = Pick(encoded, _codebook.shape[0], noise);
        _sums.copy_(where(idle, fresh, _sums));
        _counts.copy_(where(idle.squeeze(1), ones_like(_counts), _counts));
        _codebook.copy_(_sums / _counts.unsqueeze(1));
    }

    private static Tensor Pick(Tensor rows, long count, Generator noise) =>
        rows.index_select(0, (rand(count, generator: noise, device: rows.device) * HeldScalar.Of(rows.shape[0])).clamp(HeldScalar.Of(0), HeldScalar.Of(rows.shape[0] - 1)).to(ScalarType.Int64));
}
