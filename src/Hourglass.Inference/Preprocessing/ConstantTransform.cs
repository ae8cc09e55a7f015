using System.Globalization;
using System.Text.Json.Serialization;
using Hourglass.Data.Tabular;

namespace Hourglass.Preprocessing;

/// <summary>A column that held one value in all of the training data, as detectors keep it: 0, and something else for any other value.</summary>
/// <remarks>A model learns nothing from it. What it is for is the day on which it changes.</remarks>
public sealed record ConstantTransform : ColumnTransform
{
    private readonly string? _value;
    private readonly double? _number;

    /// <summary>The value; null where the column was empty.</summary>
    public required string? Value
    {
        get => _value;
        init => (_value, _number) = (value, value is not null && Numbers.TryParse(value, '.', out var number) ? number : null);
    }

    /// <inheritdoc/>
    public override int ValueWidth => 1;

    /// <inheritdoc/>
    public override FeatureBlockKind BlockKind => FeatureBlockKind.Numeric;

    /// <inheritdoc/>
    public override bool IsText => true;

    /// <summary>Whether any value counts as the usual one: the column is a label of new data, which must not tell on itself.</summary>
    [JsonIgnore]
    internal bool IsLabel { get; init; }

    /// <summary>A column that was always empty has a place for missing values: it is 0.</summary>
    [JsonIgnore]
    internal override bool HasPlaceForMissing => _value is null || IsLabel;

    internal override string? Fault() => null;

    // The difference from a number, never 0 for another one; 1 for another text.
    private protected override bool ApplyValue(ReadOnlySpan<char> text, bool isMissing, char decimalMark, Span<float> values)
    {
        if (isMissing || IsLabel || text.SequenceEqual(_value))
        {
            return true;
        }

        if (_number is not { } usual || !Numbers.TryParse(text, decimalMark, out var number))
        {
            values[0] = 1;
            return true;
        }

        var difference = (float)Math.Clamp(number - usual, float.MinValue, float.MaxValue);
        values[0] = difference == 0 && number != usual ? float.Epsilon : difference;
        return true;
    }

    private protected override Cell InvertValue(ReadOnlySpan<float> values) =>
        new(double.NaN, values[0] == 0 ? _value : _number is { } usual ? (usual + values[0]).ToString("G7", CultureInfo.InvariantCulture) : CategoryTransform.Other);
}
