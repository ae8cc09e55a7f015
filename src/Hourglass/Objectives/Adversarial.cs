using Hourglass.Engine;
using Hourglass.Networks;
using static TorchSharp.torch;

namespace Hourglass.Objectives;

/// <summary>A discriminator judges reconstructions and draws beside real samples (VAE-GAN); without a distance, a plain GAN.</summary>
/// <remarks>Larsen et al. 2016, https://arxiv.org/abs/1512.09300. The discriminator has the shape of the encoder. A plain GAN has no encoder; here it gets
/// one that learns to invert the generator on its own draws (the latent regressor of Donahue et al. 2017, https://arxiv.org/abs/1605.09782,
/// section 4), so that every verb works.</remarks>
public sealed record AdversarialOptions : ObjectiveOptions
{
    /// <summary>Which game.</summary>
    public AdversarialRule Rule { get; init; }

    /// <summary>Weight of the generator's side, in nats per sample.</summary>
    public double Weight { get; init; } = 10;

    /// <summary>Weight of the distance between sample and reconstruction (cross-entropy for values in [0, 1], else squared error); 0 makes a plain GAN.</summary>
    public double Reconstruction { get; init; } = 1;

    /// <summary>Weight of the squared distance in the discriminator's features, per sample (Larsen's learned similarity).</summary>
    public double Similarity { get; init; }

    /// <summary>Weight of the discriminator's gradient penalty; 10 for wasserstein, 1 for non-saturating, when null.</summary>
    public double? GradientPenalty { get; init; }

    internal override bool KeepsLastWeights => true;

    internal override UInt128 WeightCount(AutoencoderOptions options) => options.Network!.EncoderWeightCount(options.Input!);

    internal override Objective Build(AutoencoderOptions options) => new Adversarial(this, options);

    internal override IEnumerable<string> Faults(AutoencoderOptions options)
    {
        foreach (var (name, value) in new[] { ("weight", Weight), ("reconstruction", Reconstruction), ("similarity", Similarity), ("gradientPenalty", GradientPenalty ?? 0) })
        {
            if (!(value >= 0) || !double.IsFinite(value))
            {
                yield return $"objective adversarial: {name} must be 0 or more, got {value}.";
            }
        }

        foreach (var fault in OutputFaults("adversarial", options))
        {
            yield return fault;
        }
    }
}

/// <summary>A distance and a discriminator.</summary>
internal sealed class Adversarial : Objective
{
    private readonly AdversarialOptions _options;
    private readonly bool _isUnitInterval;
    private readonly long[] _shape;
    private readonly Discriminator _discriminator;

    public Adversarial(AdversarialOptions options, AutoencoderOptions model)
        : base(nameof(Adversarial))
    {
        (_options, _isUnitInterval) = (options, model.Input!.IsUnitInterval);
        _shape = [-1, .. model.Input.Shape.Select(size => (long)size)];
        _discriminator = new Discriminator(model.Network!, model.Input);
        RegisterComponents();
    }

    internal override double TrainingWeight => _options.Reconstruction;

    public override Tensor Reconstruction(Tensor output) => _isUnitInterval ? output.sigmoid() : output;

    internal override Tensor? Contest(ContestPlay play)
    {
        var isPlain = _options.Reconstruction == 0;
        var drawn = play.Context.Normal([play.Samples.shape[0], play.LatentSize], play.Samples);
        var made = Shaped(play.Decode(drawn));
        var penalty = _options.GradientPenalty ?? (_options.Rule == AdversarialRule.Wasserstein ? 10 : 1);
        var (discriminator, generator) = _discriminator.Losses(_options.Rule, play.Samples, made, penalty, play.Context);
        if (isPlain)
        {
            var inversion = (play.Encode(made.detach()) - drawn).Squared().sum([1L]).mean();
            return discriminator + (generator * HeldScalar.Of(_options.Weight)) + inversion;
        }

        var again = Shaped(play.Output);
        var (features, score) = _discriminator.JudgeFrozen(again);
        var fooled = _options.Rule == AdversarialRule.Wasserstein ? -score.mean() : Activation.Softplus.Apply(-score).mean();
        var total = discriminator + ((generator + fooled) * HeldScalar.Of(_options.Weight));
        return _options.Similarity > 0
            ? total + ((features - _discriminator.Judge(play.Samples).Features.detach()).Squared().sum([1L]).mean() * HeldScalar.Of(_options.Similarity))
            : total;
    }

    private protected override Tensor Compare(Tensor output, Tensor target)
    {
        return _isUnitInterval
            ? nn.functional.binary_cross_entropy_with_logits(output, target, reduction: nn.Reduction.None)
            : (output - target).Squared();
    }

    private Tensor Shaped(Tensor output) => Reconstruction(output).reshape(_shape);
}
