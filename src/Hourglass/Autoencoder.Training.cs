using Hourglass.Bottlenecks;
using Hourglass.Engine;
using Hourglass.Objectives;
using Hourglass.Regularization;
using static TorchSharp.torch;

namespace Hourglass;

/// <summary>What only training and estimates of the likelihood need of the model.</summary>
public sealed partial class Autoencoder
{
    private const double UnknownClassShare = 0.1; // of a conditional model's training samples: Ho and Salimans 2022, https://arxiv.org/abs/2207.12598

    /// <summary>Whether the last weights are kept instead of those of the lowest validation loss.</summary>
    internal bool KeepsLastWeights => Options.Bottleneck.KeepsLastWeights || Options.Objective!.KeepsLastWeights;

    /// <summary>The bottleneck, for tasks that ask what kind it is.</summary>
    internal Bottleneck Bottleneck => _bottleneck;

    private bool HasUnitDictionary => Options.Regularization.UnitNormDictionary ?? Options.Bottleneck is SparseOptions;

    /// <summary>Draws latents from the model's own prior.</summary>
    /// <param name="count">How many.</param>
    /// <param name="noise">Source of randomness.</param>
    /// <returns>[count, latent]; null where the bottleneck has no prior.</returns>
    public Tensor? SamplePrior(long count, Generator noise) => _bottleneck.SamplePrior(count, noise);

    /// <summary>Logarithm of the likelihood of each sample, estimated from below by importance sampling, in nats.</summary>
    /// <remarks>Burda et al. 2016, https://arxiv.org/abs/1509.00519, equation 8: the bound grows with the draws and meets the likelihood in the limit.</remarks>
    /// <param name="samples">Float32, [batch, ...sample shape].</param>
    /// <param name="draws">Draws for each sample.</param>
    /// <param name="noise">A generator with a fixed seed, so that the estimate repeats.</param>
    /// <returns>[batch].</returns>
    /// <exception cref="HourglassException">The bottleneck is not Gaussian.</exception>
    public Tensor LogLikelihood(Tensor samples, int draws, Generator noise)
    {
        if (_bottleneck is not Gaussian gaussian)
        {
            throw new HourglassException($"A likelihood needs a gaussian bottleneck (a VAE); this model's is {Options.Bottleneck.GetType().Name.Replace("Options", "", StringComparison.Ordinal)}. Train with --bottleneck gaussian.");
        }

        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var batch = _objective.Observe(Batch.Of(Require(samples)), StepContext.Validation(noise));
        var features = Features(batch.Input, null, StepContext.Evaluation);
        const int Most = 50; // draws at once
        var parts = new List<Tensor>();
        for (var done = 0; done < draws; done += Most)
        {
            using var part = NewDisposeScope();
            var count = Math.Min(Most, draws - done);
            var (latents, divergence) = gaussian.Draw(features, count, noise);
            var distance = _objective.Distances(Decoded(latents, null, StepContext.Evaluation), batch.Target, null).sum([1L]);
            parts.Add((-(distance + divergence)).view(count, -1).MoveToOuterDisposeScope());
        }

        return (cat(parts, 0).logsumexp(0) - HeldScalar.Of(Math.Log(draws))).MoveToOuterDisposeScope();
    }

    /// <summary>What the encoder is shown of a batch and what is to be reconstructed.</summary>
    internal (Tensor Input, Tensor Target) Shown(Batch given, StepContext context)
    {
        var batch = _objective.Observe(given, context);
        return (Corrupted(batch.Input, context), batch.Target);
    }

    /// <summary>Told once, before the first step, what data looks like.</summary>
    /// <param name="samples">Some training samples, [sample, ...sample shape].</param>
    /// <param name="noise">Source of randomness.</param>
    internal void Initialize(Tensor samples, Generator noise)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        _bottleneck.Initialize(() => Features(_corruption.Apply(samples, new StepContext(noise, 0)), null, StepContext.Evaluation), samples, noise);
        ConstrainWeights();
    }

    /// <summary>After the gradients are complete: takes out what a unit-norm dictionary cannot follow.</summary>
    internal void ConstrainGradients()
    {
        if (HasUnitDictionary && _decoder.Dictionary is { } map)
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var gradient = map.weight!.grad!;
            gradient.sub_(map.weight * (gradient * map.weight).sum([0L], keepdim: true)); // columns are directions: the parallel part only stretches them
        }

        _bottleneck.ConstrainGradients();
    }

    /// <summary>After the step: directions of a dictionary get unit norm again.</summary>
    internal void ConstrainWeights()
    {
        if (HasUnitDictionary && _decoder.Dictionary is { } map)
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            map.weight!.div_(map.weight.Squared().sum([0L], keepdim: true).sqrt().clamp_min(HeldScalar.Of(1e-12)));
        }

        _bottleneck.ConstrainWeights();
    }

    /// <summary>Squared norm of the decoder's Jacobian at a batch's latents, by random directions.</summary>
    internal Tensor DecoderGradientPenalty(Pass pass, StepContext context) => ContractivePenalty.Compute(
        latents => _objective.Reconstruction(Decoded(latents, null, StepContext.Evaluation)), pass.Latent.Values, probes: 1, context);

    private Tensor WithExtras(Tensor cost, Batch batch, Latent latent, Tensor output, StepContext context)
    {
        if (latent.Auxiliary is { } auxiliary && latent.AuxiliaryWeight > 0)
        {
            cost = cost + (Auxiliary(batch, latent, auxiliary, output, context) * HeldScalar.Of(latent.AuxiliaryWeight));
        }

        if (Options.Objective!.Perceptual > 0)
        {
            var (made, real) = (FrozenFeatures(Shaped(_objective.Reconstruction(output)), context), FrozenFeatures(batch.Target, context).detach());
            cost = cost + ((made - real).Squared().mean() * HeldScalar.Of(Options.Objective.Perceptual * SampleLength));
        }

        var play = new ContestPlay(batch.Target, output, latents => Decoded(latents, batch.Condition, context), samples => _bottleneck.Forward(Features(samples, batch.Condition, context), StepContext.Evaluation).Values, latent.Values.shape[1], context);
        return _objective.Contest(play) is { } contest ? cost + contest : cost;
    }

    // Squared error of what the auxiliary latents predict, [] in the objective's units of one sample.
    private Tensor Auxiliary(Batch batch, Latent latent, Tensor auxiliary, Tensor output, StepContext context)
    {
        if (!latent.AuxiliaryIsWhole)
        {
            var missing = (batch.Target.flatten(1) - _objective.Reconstruction(output)).detach();
            var nothing = Decoded(zeros_like(auxiliary), batch.Condition, context).detach();
            var error = (missing - (Decoded(auxiliary, batch.Condition, context) - nothing)).Squared().sum([1L]);
            return (error / missing.Squared().mean([1L]).clamp_min(HeldScalar.Of(1e-8)) * context.BatchMean(missing.Squared().mean([1L]))).mean();
        }

        var weights = _decoder.parameters().ToList();
        weights.ForEach(weight => weight.requires_grad = false);
        var predicted = Decoded(auxiliary, batch.Condition, context);
        weights.ForEach(weight => weight.requires_grad = true);
        return _objective.Distances(predicted, batch.Target, batch.Mask).sum([1L]).mean();
    }

    private Tensor FrozenFeatures(Tensor samples, StepContext context)
    {
        var weights = _encoder.parameters().ToList();
        weights.ForEach(weight => weight.requires_grad = false);
        var features = _encoder.Forward(samples, context with { Noise = null });
        weights.ForEach(weight => weight.requires_grad = true);
        return features;
    }

    private Tensor WithClasses(Tensor values, Tensor? classes)
    {
        if (Options.Condition is not { } condition)
        {
            return values;
        }

        var rows = classes ?? zeros(values.shape[0], condition.Classes.Count, device: values.device);
        return cat([values, rows.shape[0] == values.shape[0] ? rows : rows.repeat(values.shape[0] / rows.shape[0], 1)], 1);
    }

    /// <summary>Leaves the class out of a tenth of the rows, in training.</summary>
    internal static Tensor? DropClasses(Tensor? classes, StepContext context) => classes is null || !context.IsTraining
        ? classes
        : classes * context.Uniform([classes.shape[0], 1], classes).ge(HeldScalar.Of(UnknownClassShare));
}
