using System.Globalization;

namespace Hourglass.Preprocessing;

/// <summary>Names for the values of a picture.</summary>
internal static class PixelColumns
{
    /// <summary>"feature 3" for rows, "row 2, column 7" (with the channel where there are several) for pictures.</summary>
    public static IReadOnlyList<OutputColumn> For(IReadOnlyList<int> shape, Func<int, string> featureName) => shape.Count == 1
        ? [.. Enumerable.Range(0, shape[0]).Select(feature => new OutputColumn(featureName(feature), IsText: false))]
        : [.. from channel in Enumerable.Range(1, shape[0])
              from row in Enumerable.Range(1, shape[1])
              from column in Enumerable.Range(1, shape[2])
              select new OutputColumn(string.Create(CultureInfo.InvariantCulture, $"{(shape[0] > 1 ? $"channel {channel} " : "")}row {row} column {column}"), IsText: false)];
}
