using System.Globalization;
using Hourglass.Data.Tabular;

namespace Hourglass.Preprocessing;

/// <summary>Dates and time stamps of series: time of day and of week, each as a point on a circle. What is not in it is how much time has passed: later is not stranger.</summary>
public sealed record CalendarTransform : ColumnTransform
{
    private const double Day = 86_400; // seconds
    private const double Week = 7 * Day;
    private static readonly DateTime Saturday = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc); // where seconds are counted from

    /// <summary>Stands in for a missing value: the training median, in seconds since 2000-01-01.</summary>
    public double Imputed { get; init; }

    /// <inheritdoc/>
    public override int ValueWidth => 4;

    /// <inheritdoc/>
    public override FeatureBlockKind BlockKind => FeatureBlockKind.Numeric;

    /// <inheritdoc/>
    public override bool IsText => true;

    internal override string Expected => "a date";

    internal override string? Fault() => double.IsFinite(Imputed) ? null : "the imputed value must be finite";

    private protected override bool ApplyValue(ReadOnlySpan<char> text, bool isMissing, char decimalMark, Span<float> values)
    {
        var seconds = Imputed;
        if (!isMissing && !Numbers.TryParseDate(text, out seconds))
        {
            return false;
        }

        var (day, week) = (seconds / Day * 2 * Math.PI, seconds / Week * 2 * Math.PI);
        (values[0], values[1], values[2], values[3]) = ((float)Math.Sin(day), (float)Math.Cos(day), (float)Math.Sin(week), (float)Math.Cos(week));
        return true;
    }

    // "Tuesday 14:35": the day of the week that is nearest to the time of day.
    private protected override Cell InvertValue(ReadOnlySpan<float> values)
    {
        var (time, week) = (Part(values[0], values[1]) * Day, Part(values[2], values[3]) * Week);
        var seconds = (Math.Round((week - time) / Day) * Day) + time;
        return new(double.NaN, double.IsFinite(seconds) ? Saturday.AddMinutes(Math.Round(seconds / 60)).ToString("dddd HH:mm", CultureInfo.InvariantCulture) : null);
    }

    private static double Part(float sine, float cosine) => Math.Atan2(sine, cosine) / (2 * Math.PI);
}
