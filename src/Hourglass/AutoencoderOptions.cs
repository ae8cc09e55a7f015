using Hourglass.Bottlenecks;
using Hourglass.Corruption;
using Hourglass.Networks;
using Hourglass.Objectives;
using Hourglass.Preprocessing;
using Hourglass.Regularization;
using Hourglass.Training;

namespace Hourglass;

/// <summary>One record is one model: a choice for each slot of the equation, and the JSON in the model file.</summary>
/// <remarks>Slots that are null are chosen from the data by <see cref="Recipes.DataDefaults"/> before the model is built.
/// A new model kind is a new choice in a slot, never a new kind of record.</remarks>
public sealed record AutoencoderOptions
{
    /// <summary>Shape of a sample and its feature blocks; filled from the data.</summary>
    public InputOptions? Input { get; init; }

    /// <summary>Length of the latent vector; chosen from the data when null.</summary>
    public int? LatentSize { get; init; }

    /// <summary>Applied to the input, never to the target.</summary>
    public CorruptionOptions Corruption { get; init; } = new NoCorruptionOptions();

    /// <summary>Encoder and decoder; chosen from the data when null.</summary>
    public NetworkOptions? Network { get; init; }

    /// <summary>What stands between encoder and decoder, and what it charges.</summary>
    public BottleneckOptions Bottleneck { get; init; } = new DeterministicOptions();

    /// <summary>Classes given to encoder and decoder (a conditional autoencoder); none when null.</summary>
    public ConditionOptions? Condition { get; init; }

    /// <summary>Distance between reconstruction and target; chosen from the data when null.</summary>
    public ObjectiveOptions? Objective { get; init; }

    /// <summary>Penalties on weights and on the encoder's Jacobian.</summary>
    public RegularizationOptions Regularization { get; init; } = new();

    /// <summary>How the weights are found.</summary>
    public TrainingOptions Training { get; init; } = new();

    /// <summary>Everything that is wrong, a sentence each with its remedy; empty when the options make a model.</summary>
    public IReadOnlyList<string> Faults()
    {
        var faults = new List<string>();
        if (LatentSize is < 1)
        {
            faults.Add($"latentSize must be at least 1, got {LatentSize}. Give --latent 1 or more.");
        }

        faults.AddRange(Input?.Faults() ?? []);
        faults.AddRange(Corruption.Faults());
        faults.AddRange(Network?.Faults(this) ?? []);
        faults.AddRange(Bottleneck.Faults(this));
        faults.AddRange(Condition?.Faults() ?? []);
        faults.AddRange(Objective?.Faults(this) ?? []);
        faults.AddRange(Regularization.Faults());
        faults.AddRange(Training.Faults());
        return faults;
    }

    /// <summary>Throws when anything is wrong or still to be chosen.</summary>
    /// <exception cref="OptionsException">Lists every fault.</exception>
    public void RequireComplete()
    {
        var faults = new List<string>(Faults());
        foreach (var (name, value) in new (string, object?)[]
            { ("input", Input), ("latentSize", LatentSize), ("network", Network), ("objective", Objective) })
        {
            if (value is null)
            {
                faults.Add($"{name} is not chosen yet. Set it, or call DataDefaults.Complete with the data's preprocessing.");
            }
        }

        if (faults.Count > 0)
        {
            throw new OptionsException(faults);
        }
    }
}

/// <summary>What one model input is.</summary>
public sealed record InputOptions
{
    /// <summary>More values than this in a sample are refused before anything is allocated.</summary>
    public const int MaximumLength = 1 << 24;

    /// <summary>Shape without the batch: [feature], [step, channel] or [channel, height, width].</summary>
    public required IReadOnlyList<int> Shape { get; init; }

    /// <summary>Runs of values with their source column, covering the sample in order.</summary>
    public required IReadOnlyList<FeatureBlock> Blocks { get; init; }

    /// <summary>Whether all values lie in [0, 1].</summary>
    public bool IsUnitInterval { get; init; }

    /// <summary>Samples are token numbers below this, 0 for padding; null for ordinary values.</summary>
    public int? Vocabulary { get; init; }

    /// <summary>Values that the decoder puts out for one sample: for tokens, one for each word of the vocabulary at each step.</summary>
    internal int OutputLength => Length * (Vocabulary ?? 1);

    /// <summary>Values in one sample.</summary>
    internal int Length => Shape.Aggregate(1, (product, size) => product * size);

    internal IEnumerable<string> Faults()
    {
        if (Shape.Count is not (1 or 2 or 3) || Shape.Any(size => size < 1) || Shape.Aggregate(1L, (product, size) => Math.Min(long.MaxValue / int.MaxValue, product * size)) > MaximumLength)
        {
            yield return $"input.shape must be [feature], [step, channel] or [channel, height, width] with at most {MaximumLength} values, got [{string.Join(", ", Shape)}].";
            yield break;
        }

        if (Vocabulary is < 2 or > 1 << 20 || (Vocabulary is not null && (Shape.Count != 1 || (long)Length * Vocabulary > MaximumLength)))
        {
            yield return $"input.vocabulary must be from 2 to {1 << 20}, for samples of one token a step and at most {MaximumLength} outputs, got {Vocabulary} with shape [{string.Join(", ", Shape)}].";
            yield break;
        }

        var next = 0;
        foreach (var block in Blocks)
        {
            if (block.Start != next || block.Length < 1 || block.Length > Length - next)
            {
                yield return $"input.blocks must cover {Length} values in order; block '{block.Name}' starts at {block.Start} with length {block.Length}, expected start {next}.";
                yield break;
            }

            next += block.Length;
        }

        if (next != Length)
        {
            yield return $"input.blocks must cover {Length} values, got {next}.";
        }
    }
}

/// <summary>What a conditional autoencoder is told besides the sample.</summary>
/// <remarks>Sohn et al. 2015 (conditional VAE). In a tenth of the training steps' samples the class is left out, so that encoding without a class works too.</remarks>
public sealed record ConditionOptions
{
    /// <summary>Names of the classes, in the order of the one-hot input.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    internal IEnumerable<string> Faults()
    {
        if (Classes.Count is < 1 or > 10_000)
        {
            yield return $"condition.classes must name 1 to 10000 classes, got {Classes.Count}.";
        }
    }
}
