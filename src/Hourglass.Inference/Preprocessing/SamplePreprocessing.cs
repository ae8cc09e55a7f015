using System.Text.Json.Serialization;

namespace Hourglass.Preprocessing;

/// <summary>How raw samples become model input and back; fitted on the training part only, stored in the bundle.</summary>
/// <remarks>Training and scoring run this same code, so that they cannot differ.</remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind", UnknownDerivedTypeHandling = JsonUnknownDerivedTypeHandling.FailSerialization)]
[JsonDerivedType(typeof(TablePreprocessing), "table")]
[JsonDerivedType(typeof(ArrayPreprocessing), "array")]
[JsonDerivedType(typeof(ImagePreprocessing), "image")]
[JsonDerivedType(typeof(SeriesPreprocessing), "series")]
[JsonDerivedType(typeof(TextPreprocessing), "text")]
public abstract record SamplePreprocessing
{
    /// <summary>Shape of one model input: [feature] for rows, [step, channel] for series, [channel, height, width] for pictures.</summary>
    [JsonIgnore]
    public abstract IReadOnlyList<int> SampleShape { get; }

    /// <summary>For samples of token numbers, how many kinds there are, padding (0) included; else null.</summary>
    [JsonIgnore]
    public virtual int? Vocabulary => null;

    /// <summary>Whether every model input lies in [0, 1], so that binary cross-entropy suits it.</summary>
    [JsonIgnore]
    public abstract bool IsUnitInterval { get; }

    /// <summary>Runs of values with their source column; together they cover the whole sample in order.</summary>
    [JsonIgnore]
    public abstract IReadOnlyList<FeatureBlock> Blocks { get; }

    /// <summary>The columns that <see cref="Invert"/> fills, in the user's own names.</summary>
    [JsonIgnore]
    public abstract IReadOnlyList<OutputColumn> OutputColumns { get; }

    /// <summary>Turns one model output back into the user's own units and categories.</summary>
    /// <param name="modelValues">One sample in model-input units, as long as the product of <see cref="SampleShape"/>.</param>
    /// <param name="cells">Receives one cell for each of <see cref="OutputColumns"/>.</param>
    public abstract void Invert(ReadOnlySpan<float> modelValues, Span<Cell> cells);

    /// <summary>Refuses what a file may claim and no fit produces.</summary>
    /// <exception cref="HourglassException">Sizes that contradict each other or numbers that are not finite.</exception>
    public abstract void Validate();

    /// <summary>The same, except that what the training data never had is a value of its own instead of a fault or a filled gap.</summary>
    internal virtual SamplePreprocessing TakingOthers() => this;

    /// <summary>What stands in for each value of a sample where it is missing; empty where none can be.</summary>
    internal virtual float[] Fillings() => [];

    /// <summary>Which values of a sample are 0 in all of the training data; empty like <see cref="Fillings"/>.</summary>
    internal virtual bool[] Constants() => [];
}

/// <summary>A column in the user's own units.</summary>
/// <param name="Name">The source column's name.</param>
/// <param name="IsText">Whether cells hold text; otherwise numbers.</param>
public sealed record OutputColumn(string Name, bool IsText);

/// <summary>One value in the user's own units.</summary>
/// <param name="Number">The number, or NaN for a missing value or a text.</param>
/// <param name="Text">The text, category or formatted date; null for numbers.</param>
public readonly record struct Cell(double Number, string? Text);
