using System.Text.Json.Serialization;
using Hourglass.Engine;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Hourglass.Bottlenecks;

/// <summary>Latents are bits: codes that can be compared by Hamming distance.</summary>
/// <remarks>Salakhutdinov and Hinton 2009, https://doi.org/10.1016/j.ijar.2008.11.006; straight-through: Bengio et al. 2013, https://arxiv.org/abs/1308.3432;
/// balance and decorrelation: Weiss et al. 2008 (spectral hashing).</remarks>
public sealed record BinaryOptions : BottleneckOptions, IDiscreteOptions
{
    /// <summary>How gradients pass the step.</summary>
    public BinaryGradient Gradient { get; init; }

    /// <summary>Annealed: epochs over which the sigmoid's slope grows from 1 to <see cref="Slope"/>.</summary>
    public double AnnealingEpochs { get; init; } = 20;

    /// <summary>Annealed: the sigmoid's slope at the end.</summary>
    public double Slope { get; init; } = 10;

    /// <summary>Weight of the squared distance of each bit's mean over the batch from one half, per sample.</summary>
    public double Balance { get; init; } = 0.1;

    /// <summary>Weight of the squared correlation between bits over the batch, per sample.</summary>
    public double Decorrelation { get; init; } = 0.01;

    internal override double SettlingEpochs => Gradient == BinaryGradient.Annealed ? AnnealingEpochs : 0;

    int IDiscreteOptions.Symbols => 2;

    internal override Bottleneck Build(int featureSize, int latentSize, InputOptions input) => new Binary(this, featureSize, latentSize);

    internal override IEnumerable<string> Faults(AutoencoderOptions options) =>
        NegativeFaults("binary", ("annealingEpochs", AnnealingEpochs), ("slope", Slope), ("balance", Balance), ("decorrelation", Decorrelation));
}

/// <summary>How gradients pass a step function.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<BinaryGradient>))]
public enum BinaryGradient
{
    /// <summary>A Bernoulli draw whose gradient is that of its probability.</summary>
    StraightThrough,

    /// <summary>A sigmoid that grows steeper, with noise before it.</summary>
    Annealed,
}

/// <summary>Bits 0 and 1; in evaluation, 1 where the probability is above one half.</summary>
internal sealed class Binary : Bottleneck, IDiscreteBottleneck
{
    private readonly BinaryOptions _options;
    private readonly Linear _projection;

    public Binary(BinaryOptions options, int featureSize, int latentSize)
        : base(nameof(Binary))
    {
        _options = options;
        _projection = Linear(featureSize, latentSize);
        RegisterComponents();
    }

    public override Linear Projection => _projection;

    public override Latent Forward(Tensor features, StepContext context)
    {
        var logits = _projection.call(features);
        if (!context.IsTraining)
        {
            return new Latent(logits.gt(HeldScalar.Of(0)).to_type(logits.dtype), zeros(features.shape[0], device: features.device));
        }

        var probabilities = logits.sigmoid();
        Tensor bits;
        if (_options.Gradient == BinaryGradient.Annealed)
        {
            var share = _options.AnnealingEpochs > 0 ? Math.Min(1, context.Epoch / _options.AnnealingEpochs) : 1;
            var noisy = logits + context.Normal(logits.shape, logits);
            bits = (noisy * tensor((float)(1 + ((_options.Slope - 1) * share)), device: logits.device)).sigmoid();
        }
        else
        {
            var drawn = context.Uniform(logits.shape, logits).lt(probabilities).to_type(logits.dtype);
            bits = probabilities + (drawn - probabilities).detach();
        }

        return new Latent(bits, Penalty(probabilities, context).expand(features.shape[0]));
    }

    public Tensor Symbols(Tensor latents) => latents.gt(HeldScalar.Of(0.5)).to(ScalarType.Int64);

    public Tensor Latents(Tensor symbols) => symbols.to(ScalarType.Float32);

    internal override IEnumerable<(string Name, double Value)> Figures(Tensor latents)
    {
        using var scope = NewDisposeScope();
        var share = latents.mean([0L]);
        yield return ("meanBit", share.mean().item<float>());
        yield return ("constantBits", (share.lt(HeldScalar.Of(0.01)) | share.gt(HeldScalar.Of(0.99))).sum().item<long>());
    }

    private Tensor Penalty(Tensor probabilities, StepContext context)
    {
        var mean = context.BatchMean(probabilities);
        var balance = (mean - HeldScalar.Of(0.5)).Squared().sum() * HeldScalar.Of(_options.Balance);
        if (_options.Decorrelation == 0)
        {
            return balance;
        }

        var centred = probabilities - mean;
        var covariance = context.BatchSum(centred.t().matmul(centred)) * HeldScalar.Of(4.0 / context.BatchRows(probabilities)); // 1 on the diagonal for fair, certain bits
        return balance + ((covariance - covariance.diagonal().diag()).Squared().sum() * HeldScalar.Of(_options.Decorrelation));
    }
}
