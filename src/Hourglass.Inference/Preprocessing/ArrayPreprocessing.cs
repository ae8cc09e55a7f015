using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;

namespace Hourglass.Preprocessing;

/// <summary>Arrays of numbers: (x - offset) / scale, for each feature of a row or channel of a series, or one for all values of a picture-shaped array.</summary>
public sealed record ArrayPreprocessing : SamplePreprocessing
{
    /// <summary>Shape of a sample.</summary>
    public required IReadOnlyList<int> Shape { get; init; }

    /// <summary>What is subtracted: one for each feature, or one for all.</summary>
    public required IReadOnlyList<double> Offsets { get; init; }

    /// <summary>What is divided by: one for each feature, or one for all.</summary>
    public required IReadOnlyList<double> Scales { get; init; }

    /// <summary>Whether all training values lay in [0, 1] after scaling.</summary>
    public bool UnitInterval { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override IReadOnlyList<int> SampleShape => Shape;

    /// <inheritdoc/>
    [JsonIgnore]
    public override bool IsUnitInterval => UnitInterval;

    /// <inheritdoc/>
    [JsonIgnore]
    public override IReadOnlyList<FeatureBlock> Blocks => Shape.Count == 1
        ? [.. Enumerable.Range(0, Shape[0]).Select(feature => new FeatureBlock(FeatureName(feature), feature, 1, FeatureBlockKind.Numeric))]
        : [new FeatureBlock("values", 0, Length, FeatureBlockKind.Numeric)];

    /// <inheritdoc/>
    [JsonIgnore]
    public override IReadOnlyList<OutputColumn> OutputColumns => PixelColumns.For(Shape, FeatureName);

    private int Length => Shape.Aggregate(1, (product, size) => product * size);

    /// <inheritdoc/>
    public override void Invert(ReadOnlySpan<float> modelValues, Span<Cell> cells)
    {
        for (var value = 0; value < modelValues.Length; value++)
        {
            cells[value] = new Cell((modelValues[value] * At(Scales, value)) + At(Offsets, value), null);
        }
    }

    /// <summary>Turns raw samples into model input, in place.</summary>
    /// <param name="sample">One, or several one after another.</param>
    public void Apply(Span<float> sample)
    {
        var offsets = Values(Offsets);
        var scales = Values(Scales);
        if (offsets.Length == 1)
        {
            var (offset, scale) = (offsets[0], scales[0]);
            foreach (ref var value in sample)
            {
                value = (float)((value - offset) / scale);
            }

            return;
        }

        for (var step = 0; step < sample.Length; step += offsets.Length)
        {
            var row = sample.Slice(step, offsets.Length);
            for (var value = 0; value < row.Length; value++)
            {
                row[value] = (float)((row[value] - offsets[value]) / scales[value]);
            }
        }
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        var length = ShapeFaults.RequireShape(Shape);
        if ((Offsets.Count != 1 && Offsets.Count != length && !(Shape.Count == 2 && Offsets.Count == Shape[1])) || Scales.Count != Offsets.Count
            || Offsets.Any(offset => !double.IsFinite(offset)) || Scales.Any(scale => !double.IsFinite(scale) || scale == 0))
        {
            throw new HourglassException($"preprocessing: expected 1 or {length} finite offsets and as many scales other than 0, got {Offsets.Count} and {Scales.Count}.");
        }
    }

    private static string FeatureName(int feature) => string.Create(CultureInfo.InvariantCulture, $"feature {feature + 1}");

    // Bundles hold lists, what was just fitted arrays; neither is copied.
    private static ReadOnlySpan<double> Values(IReadOnlyList<double> values) => values switch
    {
        double[] array => array,
        List<double> list => CollectionsMarshal.AsSpan(list),
        _ => values.ToArray(),
    };

    private static double At(IReadOnlyList<double> values, int index) => values[index % values.Count];
}
