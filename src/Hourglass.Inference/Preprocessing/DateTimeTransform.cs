using Hourglass.Data.Tabular;

namespace Hourglass.Preprocessing;

/// <summary>Dates and time stamps: seconds, standardised, then the time of day as a point on a circle.</summary>
public sealed record DateTimeTransform : ColumnTransform
{
    private const double Day = 86_400; // seconds

    /// <summary>Mean, in seconds since 2000-01-01.</summary>
    public double Offset { get; init; }

    /// <summary>Standard deviation in seconds.</summary>
    public double Scale { get; init; } = 1;

    /// <summary>Stands in for a missing value: the training median, in seconds since 2000-01-01.</summary>
    public double Imputed { get; init; }

    /// <inheritdoc/>
    public override int ValueWidth => 3;

    /// <inheritdoc/>
    public override FeatureBlockKind BlockKind => FeatureBlockKind.Numeric;

    /// <inheritdoc/>
    public override bool IsText => true;

    internal override string Expected => "a date";

    internal override string? Fault() =>
        double.IsFinite(Offset) && double.IsFinite(Scale) && Scale != 0 && double.IsFinite(Imputed) ? null : "offset, scale and imputed value must be finite and the scale not 0";

    private protected override bool ApplyValue(ReadOnlySpan<char> text, bool isMissing, char decimalMark, Span<float> values)
    {
        var seconds = Imputed;
        if (!isMissing && !Numbers.TryParseDate(text, out seconds))
        {
            return false;
        }

        var angle = seconds / Day * 2 * Math.PI;
        (values[0], values[1], values[2]) = ((float)((seconds - Offset) / Scale), (float)Math.Sin(angle), (float)Math.Cos(angle));
        return true;
    }

    private protected override Cell InvertValue(ReadOnlySpan<float> values) => new(double.NaN, Numbers.WriteDate((values[0] * Scale) + Offset));
}
