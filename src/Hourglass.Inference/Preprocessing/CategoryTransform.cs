using System.Text.Json.Serialization;

namespace Hourglass.Preprocessing;

/// <summary>Few categories: one value each, one for categories not seen in training, and one for missing where training had such.</summary>
public sealed record CategoryTransform : ColumnTransform
{
    /// <summary>What is shown for a category that training had not seen.</summary>
    public const string Other = "(other)";

    private Dictionary<string, int>? _places;

    /// <summary>The categories of the training part, commonest first.</summary>
    public required IReadOnlyList<string> Categories { get; init; }

    /// <summary>Whether missing is a category of its own, in the last place; otherwise it counts as unseen.</summary>
    public bool HasMissing { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override int ValueWidth => Categories.Count + (HasMissing ? 2 : 1);

    /// <inheritdoc/>
    public override FeatureBlockKind BlockKind => FeatureBlockKind.Categorical;

    /// <inheritdoc/>
    public override bool IsText => true;

    /// <inheritdoc/>
    public bool Equals(CategoryTransform? other) =>
        other is not null && Name == other.Name && HasMissing == other.HasMissing && HasMissingIndicator == other.HasMissingIndicator && Categories.SequenceEqual(other.Categories, StringComparer.Ordinal);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Categories.Count, HasMissing);

    [JsonIgnore]
    internal override bool HasPlaceForMissing => true; // its own, or that of categories not seen

    internal override string? Fault() =>
        Categories.Count is 0 or > MaximumWidth ? $"1 to {MaximumWidth} categories are allowed, got {Categories.Count}"
        : Categories.Distinct(StringComparer.Ordinal).Count() != Categories.Count ? "categories must differ"
        : null;

    private protected override bool ApplyValue(ReadOnlySpan<char> text, bool isMissing, char decimalMark, Span<float> values)
    {
        _places ??= Categories.Select((category, place) => (category, place)).ToDictionary(entry => entry.category, entry => entry.place, StringComparer.Ordinal);
        var place = isMissing ? (HasMissing ? Categories.Count + 1 : Categories.Count)
            : _places.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out var known) ? known
            : Categories.Count;
        values[place] = 1;
        return true;
    }

    private protected override Cell InvertValue(ReadOnlySpan<float> values)
    {
        var place = System.Numerics.Tensors.TensorPrimitives.IndexOfMax(values);
        return new Cell(double.NaN, place < Categories.Count ? Categories[place] : place == Categories.Count ? Other : null);
    }
}
