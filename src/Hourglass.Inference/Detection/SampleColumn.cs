using Hourglass.Preprocessing;

namespace Hourglass.Detection;

/// <summary>A run of a sample's values that came from one source column, the flag for missing values included.</summary>
/// <param name="Name">The source column, or what stands for it: a feature, a channel, the picture's values.</param>
/// <param name="Start">First value, counted from 0.</param>
/// <param name="Length">How many values.</param>
public sealed record SampleColumn(string Name, int Start, int Length)
{
    /// <summary>How often the run occurs: once in each step of a series.</summary>
    public int Steps { get; init; } = 1;

    /// <summary>Values from one step to the next.</summary>
    public int Stride { get; init; }

    /// <summary>What the column's values add up to.</summary>
    /// <param name="sample">One number for each of a sample's values.</param>
    public double Sum(ReadOnlySpan<double> sample)
    {
        var sum = 0.0;
        for (var step = 0; step < Steps; step++)
        {
            sum += System.Numerics.Tensors.TensorPrimitives.Sum(sample.Slice((step * Stride) + Start, Length));
        }

        return sum;
    }

    /// <summary>What an explanation tells apart: a row's columns, a series' channels over all steps, a picture as a whole.</summary>
    /// <param name="preprocessing">Where samples come from.</param>
    public static IReadOnlyList<SampleColumn> Explained(SamplePreprocessing preprocessing) => preprocessing switch
    {
        SeriesPreprocessing series => [.. Of(series.Rows).Select(column => column with { Steps = series.Steps, Stride = series.Rows.SampleShape[0] })],
        ArrayPreprocessing { Shape: [var steps, > 1 and var channels] } => [.. Enumerable.Range(0, channels).Select(channel => new SampleColumn($"channel {channel + 1}", channel, 1) { Steps = steps, Stride = channels })],
        _ => Of(preprocessing),
    };

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
