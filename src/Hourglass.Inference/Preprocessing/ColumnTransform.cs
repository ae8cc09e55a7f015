using System.Text.Json.Serialization;
using Hourglass.Data.Tabular;

namespace Hourglass.Preprocessing;

/// <summary>How one source column becomes a run of model-input values, and back.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NumericTransform), "numeric")]
[JsonDerivedType(typeof(CalendarTransform), "calendar")]
[JsonDerivedType(typeof(DateTimeTransform), "date-time")]
[JsonDerivedType(typeof(BooleanTransform), "boolean")]
[JsonDerivedType(typeof(CategoryTransform), "categorical")]
[JsonDerivedType(typeof(HashTransform), "hashed")]
[JsonDerivedType(typeof(ConstantTransform), "constant")]
public abstract record ColumnTransform
{
    /// <summary>Most values that one column may become.</summary>
    internal const int MaximumWidth = 4096;

    /// <summary>The source column.</summary>
    public required string Name { get; init; }

    /// <summary>Whether a value of 1 says that the source value was missing; it stands last.</summary>
    public bool HasMissingIndicator { get; init; }

    /// <summary>Whether what the training data never had keeps a mark of its own, as detectors want it: a third word of a flag, and NaN for a missing value that would be filled.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool TakesOthers { get; init; }

    /// <summary>Values without the indicator.</summary>
    [JsonIgnore]
    public abstract int ValueWidth { get; }

    /// <summary>All values.</summary>
    [JsonIgnore]
    public int Width => ValueWidth + (HasMissingIndicator ? 1 : 0);

    /// <summary>What the values are.</summary>
    [JsonIgnore]
    public abstract FeatureBlockKind BlockKind { get; }

    /// <summary>Whether the way back gives texts.</summary>
    [JsonIgnore]
    public abstract bool IsText { get; }

    /// <summary>Fills the values for one field.</summary>
    /// <remarks>Allocates nothing, so that a stream of rows leaves no garbage.</remarks>
    /// <param name="text">The field, trimmed; empty or a word for "no value" where it is missing.</param>
    /// <param name="decimalMark">The character before decimals.</param>
    /// <param name="values">Room for <see cref="Width"/> values, all 0.</param>
    /// <returns>False when the text cannot be such a value.</returns>
    internal bool Apply(ReadOnlySpan<char> text, char decimalMark, Span<float> values)
    {
        var isMissing = Numbers.IsMissing(text);
        if (isMissing && HasMissingIndicator)
        {
            values[^1] = 1;
        }

        var isRead = ApplyValue(text, isMissing, decimalMark, values[..ValueWidth]);
        if (isMissing && MarksMissing)
        {
            values[0] = float.NaN;
        }

        return isRead;
    }

    /// <summary>The value in the user's own units.</summary>
    internal Cell Invert(ReadOnlySpan<float> values) =>
        float.IsNaN(values[0]) || (HasMissingIndicator && values[^1] > 0.5f) ? new Cell(double.NaN, null) : InvertValue(values[..ValueWidth]);

    /// <summary>Whether a missing value is told by a NaN, which whoever scores replaces by what stands in for it.</summary>
    internal bool MarksMissing => TakesOthers && !HasMissingIndicator && !HasPlaceForMissing;

    /// <summary>Whether a missing value is one of the values, and so never filled.</summary>
    [JsonIgnore]
    internal virtual bool HasPlaceForMissing => false;

    /// <summary>What such a column holds, in words, for errors.</summary>
    internal virtual string Expected => "a value";

    /// <summary>What a file claims and no fit produces.</summary>
    internal abstract string? Fault();

    private protected abstract bool ApplyValue(ReadOnlySpan<char> text, bool isMissing, char decimalMark, Span<float> values);

    private protected abstract Cell InvertValue(ReadOnlySpan<float> values);
}
