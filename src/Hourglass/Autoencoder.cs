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
public sealed class Autoencoder : nn.Module
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
        _encoder = options.Network!.BuildEncoder(options.Input!);
        _bottleneck = options.Bottleneck.Build(_encoder.FeatureSize, options.LatentSize!.Value);
        _decoder = options.Network.BuildDecoder(options.Input!, options.LatentSize.Value, _encoder, _bottleneck);
        _corruption = options.Corruption.Build(options.Input!);
        _objective = options.Objective!.Build(options.Input!);
        RegisterComponents();
        WeightInitialization.Apply(this, options.Network.Activation, options.Training.Seed);
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
    /// <param name="batch">Input and target, float32, [batch, ...sample shape].</param>
    /// <param name="context">Noise in training, none in evaluation.</param>
    public Pass Forward(Batch batch, StepContext context)
    {
        var corrupted = _corruption.Apply(batch.Input, context);
        var latent = _bottleneck.Forward(_encoder.Forward(corrupted, context), context);
        var output = _decoder.Forward(latent.Values, context);
        var distance = _objective.Distances(output, batch.Target, batch.Mask).sum(1); // [batch]
        return new Pass(latent, output, distance, (distance + latent.Penalty).mean() * HeldScalar.Of(1.0 / SampleLength));
    }

    /// <summary>The encoder alone, without noise: for a Gaussian bottleneck, the mean.</summary>
    /// <param name="samples">Float32, [batch, ...sample shape].</param>
    /// <returns>Latents, [batch, latent].</returns>
    public Tensor Encode(Tensor samples) =>
        _bottleneck.Forward(_encoder.Forward(Require(samples), StepContext.Evaluation), StepContext.Evaluation).Values;

    /// <summary>The decoder alone: the expected sample for each latent.</summary>
    /// <param name="latents">Float32, [batch, latent].</param>
    /// <returns>Reconstructions, [batch, ...sample shape].</returns>
    /// <exception cref="ShapeException">Latents have another shape.</exception>
    public Tensor Decode(Tensor latents)
    {
        ShapeException.Require(latents, nameof(latents), [Options.LatentSize!.Value]);
        return Shaped(_objective.Reconstruction(_decoder.Forward(latents, StepContext.Evaluation)));
    }

    /// <summary>The whole: encode, then decode, without corruption and without noise.</summary>
    /// <param name="samples">Float32, [batch, ...sample shape].</param>
    /// <returns>Reconstructions, same shape.</returns>
    public Tensor Reconstruct(Tensor samples) => Decode(Encode(samples));

    /// <summary>The objective's distance for each value, without corruption and without noise.</summary>
    /// <param name="samples">Float32, [batch, ...sample shape].</param>
    /// <returns>Distances, [batch, value]; a row's sum is the sample's distance.</returns>
    public Tensor Distances(Tensor samples) =>
        _objective.Distances(_decoder.Forward(Encode(samples), StepContext.Evaluation), samples, null);

    /// <summary>The input as the encoder sees it in training, for pictures of the corruption.</summary>
    /// <param name="samples">Float32, [batch, ...sample shape].</param>
    /// <param name="noise">Source of the noise.</param>
    public Tensor Corrupt(Tensor samples, Generator noise) => _corruption.Apply(Require(samples), new StepContext(noise, 0));

    /// <summary>Squared norm of the encoder's Jacobian, for the contractive penalty.</summary>
    internal Tensor JacobianPenalty(Tensor samples, StepContext context) =>
        ContractivePenalty.Compute(
            input => _bottleneck.Forward(_encoder.Forward(input, context with { Noise = null }), StepContext.Evaluation).Values,
            samples, Options.Regularization, context.Noise!);

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
