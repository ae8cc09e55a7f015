using System.Text.Json.Serialization;
using Hourglass.Data;

namespace Hourglass.Preprocessing;

/// <summary>Pictures of bytes: resized as the policy says, then byte / 255.</summary>
public sealed record ImagePreprocessing : SamplePreprocessing
{
    /// <summary>[channel, height, width].</summary>
    public required IReadOnlyList<int> Shape { get; init; }

    /// <summary>How a picture of another size becomes this size.</summary>
    public ResizePolicy Resize { get; init; } = ResizePolicy.Fit;

    /// <inheritdoc/>
    [JsonIgnore]
    public override IReadOnlyList<int> SampleShape => Shape;

    /// <inheritdoc/>
    [JsonIgnore]
    public override bool IsUnitInterval => true;

    /// <inheritdoc/>
    [JsonIgnore]
    public override IReadOnlyList<FeatureBlock> Blocks => [new FeatureBlock("pixels", 0, Shape.Aggregate(1, (product, size) => product * size), FeatureBlockKind.Numeric)];

    /// <inheritdoc/>
    [JsonIgnore]
    public override IReadOnlyList<OutputColumn> OutputColumns => PixelColumns.For(Shape, feature => $"pixel {feature + 1}");

    /// <inheritdoc/>
    public override void Invert(ReadOnlySpan<float> modelValues, Span<Cell> cells)
    {
        for (var value = 0; value < modelValues.Length; value++)
        {
            cells[value] = new Cell(modelValues[value] * 255.0, null);
        }
    }

    /// <inheritdoc/>
    public override void Validate() => ShapeFaults.RequireShape(Shape);
}
