using Hourglass.Preprocessing;

namespace Hourglass.Detection;

/// <summary>A run of a sample's values that came from one source column, the flag for missing values included.</summary>
/// <param name="Name">The source column, or what stands for it: a feature, a channel, the picture's values.</param>
/// <param name="Start">First value, counted from 0.</param>
/// <param name="Length">How many values.</param>
public sealed record SampleColumn(string Name, int Start, int Length)
{
    /// <summary>The columns of samples, in order; together they cover a sample.</summary>
    /// <param name="preprocessing">Where samples come from.</param>
    public static IReadOnlyList<SampleColumn> Of(SamplePreprocessing preprocessing)
    {
        if (preprocessing is not TablePreprocessing table)
        {
            return [.. preprocessing.Blocks.Select(block => new SampleColumn(block.Name, block.Start, block.Length))];
        }

        var (columns, start) = (new List<SampleColumn>(), 0);
        foreach (var column in table.Columns)
        {
            columns.Add(new SampleColumn(column.Name, start, column.Width));
            start += column.Width;
        }

        return columns;
    }
}
