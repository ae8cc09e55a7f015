using Hourglass.Bottlenecks.Priors;
using Hourglass.Engine;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Hourglass.Bottlenecks;

/// <summary>Two linear maps, to the mean and to the logarithm of the variance, and a prior.</summary>
internal sealed class Gaussian : Bottleneck
{
    private const double HalfLogTwoPi = 0.91893853320467274;
    private const double LargestLogVariance = 20; // exp(20) is still finite when squared in float32
    private const double ActiveVariance = 0.01; // a unit is active when its mean varies more than this: Burda et al. 2016, section 5.2

    private readonly GaussianOptions _options;
    private readonly Linear _mean;
    private readonly Linear _logVariance;
    private readonly LatentPrior _prior;

    public Gaussian(GaussianOptions options, int featureSize, int latentSize, InputOptions input)
        : base(nameof(Gaussian))
    {
        _options = options;
        _mean = Linear(featureSize, latentSize);
        _logVariance = Linear(featureSize, latentSize);
        _prior = options.Prior.Build(latentSize, input);
        RegisterComponents();
    }

    public override Linear Projection => _mean;

    public override Latent Forward(Tensor features, StepContext context)
    {
        var (mean, logVariance) = Posterior(features);
        var latent = _options.Draws > 1 && context.IsTraining ? Weighted(mean, logVariance, context) : Single(mean, logVariance, context);
        var weight = _options.Beta * (context.IsTraining && _options.AnnealingEpochs > 0 ? Math.Min(1, context.Epoch / _options.AnnealingEpochs) : 1);
        return weight == 1 ? latent : latent with { Penalty = latent.Penalty * tensor((float)weight, device: mean.device) };
    }

    public override Tensor SamplePrior(long count, Generator noise)
    {
        using var noGrad = no_grad();
        return _prior.Sample(count, noise);
    }

    internal override void Initialize(Func<Tensor> features, Tensor samples, Generator noise) => _prior.Initialize(() => _mean.call(features()), samples, noise);

    internal override void Attach(Func<Tensor, Tensor> encode, Func<Linear?> dictionary) => (_prior as VampPrior)?.Attach(samples => Posterior(encode(samples)));

    internal override IEnumerable<(string Name, double Value)> Figures(Tensor latents)
    {
        using var scope = NewDisposeScope();
        yield return ("activeUnits", latents.var(0).gt(HeldScalar.Of(ActiveVariance)).sum().item<long>());
    }

    /// <summary>Draws with their log weights' part that does not depend on the decoder, for estimates of the likelihood.</summary>
    /// <returns>Latents [draws * batch, latent] and log q(z|x) - log p(z), [draws * batch].</returns>
    internal (Tensor Latents, Tensor Divergence) Draw(Tensor features, int draws, Generator noise)
    {
        var (mean, logVariance) = Posterior(features);
        var latents = Draw(mean, logVariance, draws, StepContext.Validation(noise));
        return (latents, LogPosterior(latents, mean, logVariance, draws) - _prior.LogDensity(latents));
    }

    private (Tensor Mean, Tensor LogVariance) Posterior(Tensor features) =>
        (_mean.call(features), _logVariance.call(features).clamp(HeldScalar.Of(-LargestLogVariance), HeldScalar.Of(LargestLogVariance)));

    private Latent Single(Tensor mean, Tensor logVariance, StepContext context)
    {
        var values = context.Noise is not null ? Draw(mean, logVariance, 1, context) : mean;
        var penalty = _options.Prior is StandardPriorOptions ? Divergence(mean, logVariance, context) : LogPosterior(values, mean, logVariance, 1) - _prior.LogDensity(values);
        return new Latent(values, context.IsTraining && _options.TotalCorrelation != 1
            ? penalty + (TotalCorrelation(values, mean, logVariance) * HeldScalar.Of(_options.TotalCorrelation - 1))
            : penalty);
    }

    private Latent Weighted(Tensor mean, Tensor logVariance, StepContext context)
    {
        var source = Draw(mean, logVariance, _options.Draws, context);
        if (!_options.DoublyReparameterized)
        {
            return new Latent(source, LogPosterior(source, mean, logVariance, _options.Draws) - _prior.LogDensity(source)) { Draws = _options.Draws };
        }

        // Cut off from the encoder: the model weights the gradient that reaches these values before handing it on to the source.
        var values = source.detach().requires_grad_(true);
        return new Latent(values, LogPosterior(values, mean.detach(), logVariance.detach(), _options.Draws) - _prior.LogDensity(values)) { Draws = _options.Draws, Source = source };
    }

    // KL(N(mean, variance) || N(0, 1)), [batch].
    private Tensor Divergence(Tensor mean, Tensor logVariance, StepContext context)
    {
        var divergence = (mean.Squared() + logVariance.exp() - logVariance - HeldScalar.Of(1)) * HeldScalar.Of(0.5); // [batch, latent]
        return context.IsTraining && _options.FreeBits > 0
            ? context.BatchMean(divergence).clamp_min(HeldScalar.Of(_options.FreeBits)).sum().expand(mean.shape[0])
            : divergence.sum([1L]);
    }

    private static Tensor Draw(Tensor mean, Tensor logVariance, int draws, StepContext context)
    {
        var (batch, size) = (mean.shape[0], mean.shape[1]);
        var standard = context.Normal([draws * batch, size], mean).view(draws, batch, size);
        return (mean + ((logVariance * HeldScalar.Of(0.5)).exp() * standard)).reshape(draws * batch, size);
    }

    private static Tensor LogPosterior(Tensor latents, Tensor mean, Tensor logVariance, int draws)
    {
        var distance = (latents.view(draws, mean.shape[0], mean.shape[1]) - mean).Squared() * (-logVariance).exp();
        return ((distance + logVariance).sum([2L]) * HeldScalar.Of(-0.5)).flatten() - HeldScalar.Of(HalfLogTwoPi * mean.shape[1]);
    }

    // log q(z) - sum of log q(z_j), with the batch's posteriors as the aggregate; up to a constant, minibatch-weighted sampling.
    private static Tensor TotalCorrelation(Tensor values, Tensor mean, Tensor logVariance)
    {
        var pairs = ((values.unsqueeze(1) - mean.unsqueeze(0)).Squared() * (-logVariance).exp().unsqueeze(0)) + logVariance.unsqueeze(0); // [z of, posterior of, latent]
        pairs = (pairs * HeldScalar.Of(-0.5)) - HeldScalar.Of(HalfLogTwoPi);
        var logBatch = Math.Log(mean.shape[0]);
        return (pairs.sum([2L]).logsumexp(1) - HeldScalar.Of(logBatch)) - (pairs.logsumexp(1) - HeldScalar.Of(logBatch)).sum([1L]);
    }
}
