namespace Hourglass.Preprocessing;

/// <summary>Checks shapes that come from files.</summary>
internal static class ShapeFaults
{
    private const int MaximumLength = 1 << 24;

    /// <summary>The number of values, when the shape is one a model can have.</summary>
    public static int RequireShape(IReadOnlyList<int> shape)
    {
        var length = shape.Aggregate(1L, (product, size) => size < 1 || product > MaximumLength ? long.MaxValue / int.MaxValue : product * size);
        return shape.Count is 1 or 2 or 3 && length <= MaximumLength
            ? (int)length
            : throw new HourglassException($"preprocessing: expected a shape [feature], [step, channel] or [channel, height, width] of at most {MaximumLength} values, got [{string.Join(", ", shape.Take(8))}].");
    }
}
