using Hourglass.Bottlenecks;
using Hourglass.Corruption;
using Hourglass.Engine;
using Hourglass.Networks;
using Hourglass.Objectives;
using Hourglass.Regularization;
using static TorchSharp.torch;

namespace Hourglass;

/// <summary>The model: a corruption, an encoder, a bottleneck, a decoder and an objective, composed.</summary>
/// <remarks>
/// <code>
///      x ──► corrupt ──► encode ──► bottleneck ──► decode ──► reconstruction
///      │                               │                          │
///      │                            penalty                       │
///      └────────────────► objective ◄──┼──────────────────────────┘
///                             │        │
///                             └── + ───┴── + weight penalty  =  loss
/// </code>
/// reconstruction = decode(bottleneck(encode(corrupt(x)))).
/// loss = mean over samples of (distance + bottleneck penalty), divided by the values in a sample, plus the weight penalty.
/// Distance and penalty are in nats per sample where the objective is a likelihood, so that a beta of 1 is the evidence
/// lower bound whatever the sample's size; the division keeps learning rates comparable between sizes.
/// </remarks>
public sealed partial class Autoencoder : nn.Module
{
    private readonly Encoder _encoder;
    private readonly Bottleneck _bottleneck;
    private readonly Decoder _decoder;
    private readonly SampleCorruption _corruption;
    private readonly Objective _objective;

    /// <summary>Builds the model with seeded weights.</summary>
    /// <param name="options">Complete options.</param>
    /// <exception cref="OptionsException">Options are incomplete or contradict each other; every fault is listed.</exception>
    public Autoencoder(AutoencoderOptions options)
        : base(nameof(Autoencoder))
    {
        options.RequireComplete();
        Options = options;
        using var scope = NewDisposeScope(); // layers leave temporaries behind when they draw their first weights
        var classes = options.Condition?.Classes.Count ?? 0;
        _encoder = options.Network!.BuildEncoder(options.Input!);
        _bottleneck = options.Bottleneck.Build(_encoder.FeatureSize + classes, options.LatentSize!.Value, options.Input!);
        _decoder = options.Network.BuildDecoder(options.Input!, options.LatentSize.Value + classes, _encoder, _bottleneck);
        _corruption = options.Corruption.Build(options.Input!);
        _objective = options.Objective!.Build(options);
        RegisterComponents();
        WeightInitialization.Apply(this, options.Network.Activation, options.Training.Seed);
        _bottleneck.Attach(samples => Features(samples, null, StepContext.Evaluation), () => _decoder.Dictionary);
        foreach (var kept in parameters().Concat(buffers()))
        {
            kept.DetachFromDisposeScope();
        }
    }

    /// <summary>The choices that made it.</summary>
    public AutoencoderOptions Options { get; }

    /// <summary>Values in one sample.</summary>
    public int SampleLength => Options.Input!.Length;

    /// <summary>One forward pass with its loss.</summary>
    /// <param name="given">Input and target, float32, [batch, ...sample shape].</param>
    /// <param name="context">Noise in training and validation, none in evaluation.</param>
    public Pass Forward(Batch given, StepContext context)
    {
        var batch = _objective.Observe(given, context);
        var latent = _bottleneck.Forward(Features(Corrupted(batch.Input, context), batch.Condition, context), context);
        var output = Decoded(latent.Values, batch.Condition, context with { Target = context.IsTraining ? batch.Target : null });
        var distance = _objective.Distances(output, batch.Target, batch.Mask).sum([1L]); // [draws * batch]
        var weight = context.IsTraining ? _objective.TrainingWeight : 1;
        var cost = Bound.Loss(weight == 1 ? distance : distance * HeldScalar.Of(weight), latent);
        return new Pass(latent, output, distance, (context.IsTraining ? WithExtras(cost, batch, latent, output, context) : cost) * HeldScalar.Of(1.0 / SampleLength));
    }

    /// <summary>The encoder alone, without noise: for a Gaussian bottleneck, the mean.</summary>
    /// <param name="samples">Float32, [batch, ...sample shape].</param>
    /// <param name="classes">One-hot rows for a conditional model, [batch, class]; null where unknown.</param>
    /// <returns>Latents, [batch, latent].</returns>
    public Tensor Encode(Tensor samples, Tensor? classes = null) =>
        _bottleneck.Forward(Features(Require(samples), classes, StepContext.Evaluation), StepContext.Evaluation).Values;

    /// <summary>The decoder alone: the expected sample for each latent.</summary>
    /// <param name="latents">Float32, [batch, latent].</param>
    /// <param name="classes">One-hot rows for a conditional model, [batch, class]; null where unknown.</param>
    /// <returns>Reconstructions, [batch, ...sample shape].</returns>
    /// <exception cref="ShapeException">Latents have another shape.</exception>
    public Tensor Decode(Tensor latents, Tensor? classes = null)
    {
        ShapeException.Require(latents, nameof(latents), [Options.LatentSize!.Value]);
        return Shaped(_objective.Reconstruction(Decoded(latents, classes, StepContext.Evaluation)));
    }

    /// <summary>The whole: encode, then decode, without corruption and without noise.</summary>
    /// <param name="samples">Float32, [batch, ...sample shape].</param>
    /// <param name="classes">One-hot rows for a conditional model, [batch, class]; null where unknown.</param>
    /// <returns>Reconstructions, same shape.</returns>
    public Tensor Reconstruct(Tensor samples, Tensor? classes = null) => Decode(Encode(samples, classes), classes);

    /// <summary>The objective's distance for each value, without corruption and without noise.</summary>
    /// <param name="samples">Float32, [batch, ...sample shape].</param>
    /// <returns>Distances, [batch, value]; a row's sum is the sample's distance.</returns>
    public Tensor Distances(Tensor samples) =>
        _objective.Distances(Decoded(Encode(samples), null, StepContext.Evaluation), samples, null);

    /// <summary>The input as the encoder sees it in training, for pictures of the corruption.</summary>
    /// <param name="samples">Float32, [batch, ...sample shape].</param>
    /// <param name="noise">Source of the noise.</param>
    public Tensor Corrupt(Tensor samples, Generator noise) => _corruption.Apply(Require(samples), new StepContext(noise, 0));

    /// <summary>Encode and decode from a corrupted input: noise as in training, and parts hidden where the encoder hides parts.</summary>
    /// <param name="samples">Float32, [batch, ...sample shape].</param>
    /// <param name="noise">Source of the noise.</param>
    /// <returns>What the encoder saw, and what the decoder made of it, both of the samples' shape.</returns>
    public (Tensor Seen, Tensor Reconstruction) ReconstructCorrupted(Tensor samples, Generator noise)
    {
        var corrupted = Corrupt(samples, noise);
        var features = Features(corrupted, null, StepContext.Validation(noise));
        return (_encoder.Seen(corrupted, features), Decode(_bottleneck.Forward(features, StepContext.Evaluation).Values));
    }

    /// <summary>Squared norm of the encoder's Jacobian, for the contractive penalty.</summary>
    internal Tensor JacobianPenalty(Tensor samples, StepContext context) =>
        ContractivePenalty.Compute(
            input => _bottleneck.Forward(Features(input, null, context with { Noise = null }), StepContext.Evaluation).Values,
            samples, Options.Regularization.ContractiveProbes, context);

    private Tensor Corrupted(Tensor input, StepContext context) =>
        // Where undoing the corruption is all there is to learn, validation corrupts too, always alike.
        _corruption.Apply(input, context.IsValidation && Options.Bottleneck is OpenOptions ? context with { IsValidation = false } : context);

    private Tensor Features(Tensor samples, Tensor? classes, StepContext context) => WithClasses(_encoder.Forward(samples, context), classes);

    private Tensor Decoded(Tensor latents, Tensor? classes, StepContext context) => _decoder.Forward(WithClasses(latents, classes), context);

    private Tensor Require(Tensor samples)
    {
        ShapeException.Require(samples, nameof(samples), Options.Input!.Shape);
        return samples;
    }

    private Tensor Shaped(Tensor flat) => flat.reshape([flat.shape[0], .. Options.Input!.Shape.Select(size => (long)size)]);
}

/// <summary>What a forward pass yields.</summary>
/// <param name="Latent">Latent vectors and their penalty.</param>
/// <param name="Output">The decoder's output before the objective's own squashing, [batch, value].</param>
/// <param name="Distance">Objective summed over a sample's values, [batch].</param>
/// <param name="Loss">Scalar: what is minimised, without the weight penalty.</param>
public readonly record struct Pass(Latent Latent, Tensor Output, Tensor Distance, Tensor Loss);
