using System.Globalization;

namespace Hourglass.Preprocessing;

/// <summary>Names for the values of an array's samples.</summary>
internal static class PixelColumns
{
    /// <summary>"feature 3" for rows, "step 2" (with the channel where there are several) for series, "row 2 column 7" likewise for pictures.</summary>
    public static IReadOnlyList<OutputColumn> For(IReadOnlyList<int> shape, Func<int, string> featureName) => shape.Count switch
    {
        1 => [.. Enumerable.Range(0, shape[0]).Select(feature => new OutputColumn(featureName(feature), IsText: false))],
        2 => [.. from step in Enumerable.Range(1, shape[0])
                 from channel in Enumerable.Range(1, shape[1])
                 select Named($"{(shape[1] > 1 ? $"channel {channel} " : "")}step {step}")],
        _ => [.. from channel in Enumerable.Range(1, shape[0])
                 from row in Enumerable.Range(1, shape[1])
                 from column in Enumerable.Range(1, shape[2])
                 select Named($"{(shape[0] > 1 ? $"channel {channel} " : "")}row {row} column {column}")],
    };

    private static OutputColumn Named(FormattableString name) => new(name.ToString(CultureInfo.InvariantCulture), IsText: false);
}
