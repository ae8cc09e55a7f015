using static TorchSharp.torch;

namespace Hourglass;

/// <summary>What a forward pass may draw and know.</summary>
/// <remarks>Evaluation never draws noise, so scores repeat to the bit. Validation may draw (a bound on a likelihood is an average over
/// draws), always from the same seed, and neither corrupts nor drops anything out.</remarks>
/// <param name="Noise">Source of randomness in training and validation; null in evaluation.</param>
/// <param name="Epoch">Epochs done so far, with the running one's share; annealing reads it.</param>
public readonly record struct StepContext(Generator? Noise, double Epoch)
{
    /// <summary>No noise, nothing annealed.</summary>
    public static StepContext Evaluation => new(null, double.PositiveInfinity);

    /// <summary>Whether draws are made only to average over them.</summary>
    public bool IsValidation { get; init; }

    /// <summary>Whether this is a training step.</summary>
    public bool IsTraining => Noise is not null && !IsValidation;

    /// <summary>What the decoder is to produce, for teacher forcing; null outside training.</summary>
    public Tensor? Target { get; init; }

    /// <summary>Which rows of a larger batch these are; null when they are all of it.</summary>
    internal BatchShare? Share { get; init; }

    /// <summary>Draws, nothing annealed, nothing corrupted.</summary>
    /// <param name="noise">A generator with a fixed seed.</param>
    public static StepContext Validation(Generator noise) => new(noise, double.PositiveInfinity) { IsValidation = true };

    /// <summary>Draws from [0, 1): a row's are the same however the batch is shared out.</summary>
    /// <param name="shape">Its first axis runs over the rows, once or several times.</param>
    /// <param name="like">Whose type and device to take; float32 on the processor when null.</param>
    internal Tensor Uniform(ReadOnlySpan<long> shape, Tensor? like = null)
    {
        var noise = Noise!;
        return Share is null ? rand(shape, like?.dtype, like?.device, generator: noise) : Share.Draw(shape, (part, source) => rand(part, like?.dtype, like?.device, generator: source));
    }

    /// <summary>Standard normal draws: a row's are the same however the batch is shared out.</summary>
    /// <inheritdoc cref="Uniform"/>
    internal Tensor Normal(ReadOnlySpan<long> shape, Tensor? like = null)
    {
        var noise = Noise!;
        return Share is null ? randn(shape, like?.dtype, like?.device, generator: noise) : Share.Draw(shape, (part, source) => randn(part, like?.dtype, like?.device, generator: source));
    }

    /// <summary>Sum over the whole batch of what the rows here contribute, with its gradient.</summary>
    /// <param name="part">A sum over the rows here.</param>
    internal Tensor BatchSum(Tensor part) => Share is null ? part : Share.Sum(part);

    /// <summary>Rows of the whole batch.</summary>
    /// <param name="rows">Whose first axis runs over the rows here.</param>
    internal long BatchRows(Tensor rows) => Share?.Together ?? rows.shape[0];

    /// <summary>Mean over the whole batch, [...] of [row, ...].</summary>
    /// <param name="rows">The rows here.</param>
    internal Tensor BatchMean(Tensor rows) => Share is not { IsPart: true } share ? rows.mean([0L]) : share.Sum(rows.sum([0L])) * Engine.HeldScalar.Of(1.0 / share.Together);
}
