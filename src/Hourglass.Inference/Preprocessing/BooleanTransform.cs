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

    internal override string Expected => $"'{False}' or '{True}'";

    internal override string? Fault() => string.Equals(True, False, StringComparison.Ordinal) ? "the two words must differ" : null;

    private protected override bool ApplyValue(ReadOnlySpan<char> text, bool isMissing, char decimalMark, Span<float> values)
    {
        var isTrue = isMissing ? Imputed : text.Equals(True, StringComparison.OrdinalIgnoreCase);
        values[0] = isTrue ? 1 : 0;
        return isTrue || isMissing || text.Equals(False, StringComparison.OrdinalIgnoreCase);
    }

    private protected override Cell InvertValue(ReadOnlySpan<float> values) => new(double.NaN, values[0] > 0.5f ? True : False);
}
