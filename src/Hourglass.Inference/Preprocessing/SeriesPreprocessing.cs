using System.Globalization;
using System.Text.Json.Serialization;

namespace Hourglass.Preprocessing;

/// <summary>Windows of a table's rows: each row as the table's transforms make it, several in a row.</summary>
public sealed record SeriesPreprocessing : SamplePreprocessing
{
    private const int MaximumValues = 1 << 24;

    /// <summary>What is done to each row.</summary>
    public required TablePreprocessing Rows { get; init; }

    /// <summary>Rows in a window.</summary>
    public required int Steps { get; init; }

    /// <summary>Rows from one window to the next.</summary>
    public required int Stride { get; init; }

    /// <summary>Windows from one to the next that shares no row with it.</summary>
    [JsonIgnore]
    public int Overlap => (Steps + Stride - 1) / Stride;

    /// <inheritdoc/>
    [JsonIgnore]
    public override IReadOnlyList<int> SampleShape => [Steps, Rows.SampleShape[0]];

    /// <inheritdoc/>
    [JsonIgnore]
    public override bool IsUnitInterval => Rows.IsUnitInterval;

    /// <inheritdoc/>
    [JsonIgnore]
    public override IReadOnlyList<FeatureBlock> Blocks
    {
        get
        {
            var (row, width) = (Rows.Blocks, Rows.SampleShape[0]);
            return row.All(block => block.Kind == FeatureBlockKind.Numeric)
                ? [new FeatureBlock("values", 0, Steps * width, FeatureBlockKind.Numeric)]
                : [.. Enumerable.Range(0, Steps).SelectMany(step => row.Select(block => block with { Name = Name(step, block.Name), Start = (step * width) + block.Start }))];
        }
    }

    /// <inheritdoc/>
    [JsonIgnore]
    public override IReadOnlyList<OutputColumn> OutputColumns =>
        [.. Enumerable.Range(0, Steps).SelectMany(step => Rows.OutputColumns.Select(column => column with { Name = Name(step, column.Name) }))];

    /// <inheritdoc/>
    public override void Invert(ReadOnlySpan<float> modelValues, Span<Cell> cells)
    {
        var (width, columns) = (Rows.SampleShape[0], Rows.OutputColumns.Count);
        for (var step = 0; step < Steps; step++)
        {
            Rows.Invert(modelValues.Slice(step * width, width), cells.Slice(step * columns, columns));
        }
    }

    internal override SeriesPreprocessing TakingOthers() => this with { Rows = Rows.TakingOthers() };

    internal override float[] Fillings() => [.. Enumerable.Repeat(Rows.Fillings(), Steps).SelectMany(row => row)];

    internal override bool[] Constants() => [.. Enumerable.Repeat(Rows.Constants(), Steps).SelectMany(row => row)];

    /// <inheritdoc/>
    public override void Validate()
    {
        Rows.Validate();
        if (Steps < 1 || Stride < 1 || (long)Steps * Rows.SampleShape[0] > MaximumValues)
        {
            throw new HourglassException($"preprocessing: a window needs at least 1 step and a stride of at least 1, and at most {MaximumValues} values, got {Steps} steps of {Rows.SampleShape[0]} values and a stride of {Stride}.");
        }
    }

    /// <summary>Whether a row's value tells the time: something to judge the others by, never strange itself.</summary>
    internal bool IsClock(int value)
    {
        var start = 0;
        foreach (var column in Rows.Columns)
        {
            start += column.Width;
            if (value < start)
            {
                return column is CalendarTransform;
            }
        }

        return false;
    }

    private static string Name(int step, string column) => string.Create(CultureInfo.InvariantCulture, $"{column} at step {step + 1}");
}
