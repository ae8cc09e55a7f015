namespace Hourglass.Preprocessing;

/// <summary>Two words, one of which is 1.</summary>
public sealed record BooleanTransform : ColumnTransform
{
    /// <summary>The word that is 0.</summary>
    public required string False { get; init; }

    /// <summary>The word that is 1.</summary>
    public required string True { get; init; }

    /// <summary>Stands in for a missing value: the commoner of the two.</summary>
    public bool Imputed { get; init; }

    /// <inheritdoc/>
    public override int ValueWidth => 1;

    /// <inheritdoc/>
    public override FeatureBlockKind BlockKind => FeatureBlockKind.Binary;

    /// <inheritdoc/>
    public override bool IsText => true;

    // Beyond the rarer of the two words: strange, not unreadable.
    private float OtherValue => Imputed ? -1 : 2;

    internal override string Expected => $"'{False}' or '{True}'";

    internal override string? Fault() => string.Equals(True, False, StringComparison.Ordinal) ? "the two words must differ" : null;

    private protected override bool ApplyValue(ReadOnlySpan<char> text, bool isMissing, char decimalMark, Span<float> values)
    {
        var isTrue = isMissing ? Imputed : text.Equals(True, StringComparison.OrdinalIgnoreCase);
        var isKnown = isTrue || isMissing || text.Equals(False, StringComparison.OrdinalIgnoreCase);
        values[0] = isTrue ? 1 : isKnown ? 0 : OtherValue;
        return isKnown || TakesOthers;
    }

    private protected override Cell InvertValue(ReadOnlySpan<float> values) =>
        new(double.NaN, TakesOthers && values[0] == OtherValue ? CategoryTransform.Other : values[0] > 0.5f ? True : False);
}
