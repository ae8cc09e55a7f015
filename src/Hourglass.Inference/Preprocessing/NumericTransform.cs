using System.Numerics;
using System.Numerics.Tensors;
using Hourglass.Data;
using Hourglass.Data.Tabular;

namespace Hourglass.Preprocessing;

/// <summary>Numbers: (x - offset) / scale, or through the training distribution to a standard normal.</summary>
public sealed record NumericTransform : ColumnTransform
{
    /// <summary>Most quantiles that are kept.</summary>
    internal const int MaximumQuantiles = 257;

    private const double Rounding = 1.0 / (1 << 22); // of a value of about 1 in single precision, there and back
    private readonly double[]? _quantiles; // arrays: every value of a stream is looked up here
    private readonly double[]? _scores;

    /// <summary>Kind of scaling.</summary>
    public required Scaling Scaling { get; init; }

    /// <summary>What is subtracted.</summary>
    public double Offset { get; init; }

    /// <summary>What is divided by.</summary>
    public double Scale { get; init; } = 1;

    /// <summary>Quantile scaling: values at even shares of the training distribution, ascending, distinct.</summary>
    public IReadOnlyList<double>? Quantiles
    {
        get => _quantiles;
        init => _quantiles = value?.ToArray();
    }

    /// <summary>Quantile scaling: the normal score of each of <see cref="Quantiles"/>.</summary>
    public IReadOnlyList<double>? Scores
    {
        get => _scores;
        init => _scores = value?.ToArray();
    }

    /// <summary>Stands in for a missing value: the training median.</summary>
    public double Imputed { get; init; }

    /// <inheritdoc/>
    public override int ValueWidth => 1;

    /// <inheritdoc/>
    public override FeatureBlockKind BlockKind => FeatureBlockKind.Numeric;

    /// <inheritdoc/>
    public override bool IsText => false;

    internal override string Expected => "a number";

    internal override string? Fault() =>
        !double.IsFinite(Offset) || !double.IsFinite(Scale) || Scale == 0 || !double.IsFinite(Imputed) ? "offset, scale and imputed value must be finite and the scale not 0"
        : Scaling != Scaling.Quantile ? null
        : Quantiles is not { Count: >= 2 and <= MaximumQuantiles } || Scores?.Count != Quantiles.Count ? "quantile scaling needs 2 to 257 quantiles and as many scores"
        : !IsAscending(Quantiles) || !IsAscending(Scores) ? "quantiles and scores must ascend"
        : null;

    /// <summary>The scaled value of a number.</summary>
    internal double Forward(double number) =>
        Scaling == Scaling.Quantile ? Interpolate(_quantiles!, _scores!, number) : (number - Offset) / Scale;

    /// <summary>The scaled value of a number, in single precision.</summary>
    /// <returns>False where it is beyond single precision.</returns>
    internal bool TryForward(double number, out float scaled)
    {
        scaled = (float)Forward(number);
        return float.IsFinite(scaled);
    }

    /// <summary>The scaled values of a column, in one pass; values that are not finite are missing.</summary>
    /// <param name="numbers">Its numbers.</param>
    /// <param name="scaled">Receives as many values.</param>
    /// <returns>False where that cannot be done, or a value is then beyond single precision.</returns>
    internal bool TryForward<T>(ReadOnlySpan<T> numbers, Span<float> scaled)
        where T : unmanaged, IFloatingPointIeee754<T> =>
        Linear is { } scaling && scaling.TryScale(numbers, scaled);

    /// <summary>The same as a scaling of numbers alone; null where there is more to it.</summary>
    internal LinearScaling? Linear => Scaling != Scaling.Quantile && !HasMissingIndicator && !TakesOthers ? new LinearScaling(Offset, Scale, Imputed) : null;

    /// <summary>The scaled values of a column.</summary>
    /// <param name="numbers">Its numbers; overwritten.</param>
    /// <param name="scaled">Receives as many values.</param>
    internal void Forward(Span<double> numbers, Span<float> scaled)
    {
        if (Scaling == Scaling.Quantile)
        {
            for (var row = 0; row < numbers.Length; row++)
            {
                scaled[row] = (float)Forward(numbers[row]);
            }

            return;
        }

        TensorPrimitives.Subtract(numbers, Offset, numbers);
        TensorPrimitives.Divide(numbers, Scale, numbers);
        TensorPrimitives.ConvertTruncating<double, float>(numbers, scaled);
    }

    private protected override bool ApplyValue(ReadOnlySpan<char> text, bool isMissing, char decimalMark, Span<float> values)
    {
        var number = Imputed;
        if (!isMissing && !Numbers.TryParse(text, decimalMark, out number))
        {
            return false;
        }

        return TryForward(number, out values[0]);
    }

    private protected override Cell InvertValue(ReadOnlySpan<float> values) =>
        new(Scaling == Scaling.Quantile ? Interpolate(_scores!, _quantiles!, values[0], Rounding) : NotBelow((values[0] * Scale) + Offset, Rounding * Math.Max(1, Math.Abs(values[0])) * Math.Abs(Scale)), null);

    // What single precision cannot tell from 0 is 0: -1.8e-9 would be shown otherwise.
    private static double NotBelow(double number, double least) => Math.Abs(number) <= least ? 0 : number;

    private static bool IsAscending(IReadOnlyList<double> values) =>
        values.All(double.IsFinite) && Enumerable.Range(1, values.Count - 1).All(index => values[index] > values[index - 1]);

    // Piecewise linear, continued with the outermost slopes, so that values beyond the training range stay in order.
    private static double Interpolate(ReadOnlySpan<double> from, ReadOnlySpan<double> to, double value, double rounding = 0)
    {
        var low = SortedPlace.CountAtMost(from[1..^1], value);
        var high = low + 1;
        var number = to[low] + ((value - from[low]) / (from[high] - from[low]) * (to[high] - to[low]));
        return NotBelow(number, rounding * Math.Max(1, Math.Abs(value)) * (to[high] - to[low]) / (from[high] - from[low]));
    }
}
