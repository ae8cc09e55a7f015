using System.Text.Json.Serialization;

namespace Hourglass.Preprocessing;

/// <summary>Tables: a transform for each column that reaches the model, in the order of the source.</summary>
public sealed record TablePreprocessing : SamplePreprocessing
{
    private const int MaximumValues = 1 << 20;

    /// <summary>The transforms.</summary>
    public required IReadOnlyList<ColumnTransform> Columns { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override IReadOnlyList<int> SampleShape => [Columns.Sum(column => column.Width)];

    /// <inheritdoc/>
    [JsonIgnore]
    public override bool IsUnitInterval => Columns.All(column => column is NumericTransform { Scaling: Data.Scaling.MinMax } or BooleanTransform or CategoryTransform or HashTransform or ConstantTransform);

    /// <inheritdoc/>
    [JsonIgnore]
    public override IReadOnlyList<FeatureBlock> Blocks
    {
        get
        {
            var blocks = new List<FeatureBlock>();
            foreach (var column in Columns)
            {
                var start = blocks.Count == 0 ? 0 : blocks[^1].Start + blocks[^1].Length;
                blocks.Add(new FeatureBlock(column.Name, start, column.ValueWidth, column.BlockKind));
                if (column.HasMissingIndicator)
                {
                    blocks.Add(new FeatureBlock($"{column.Name} is missing", start + column.ValueWidth, 1, FeatureBlockKind.Binary));
                }
            }

            return blocks;
        }
    }

    /// <inheritdoc/>
    [JsonIgnore]
    public override IReadOnlyList<OutputColumn> OutputColumns => [.. Columns.Select(column => new OutputColumn(column.Name, column.IsText))];

    /// <inheritdoc/>
    public override void Invert(ReadOnlySpan<float> modelValues, Span<Cell> cells)
    {
        var start = 0;
        for (var column = 0; column < Columns.Count; column++)
        {
            cells[column] = Columns[column].Invert(modelValues.Slice(start, Columns[column].Width));
            start += Columns[column].Width;
        }
    }

    internal override TablePreprocessing TakingOthers() => this with { Columns = [.. Columns.Select(column => column with { TakesOthers = true })] };

    /// <summary>The same, except that a column which was always the same has no news to tell: it is the label of new data.</summary>
    internal TablePreprocessing WithoutNewsOf(string label) =>
        this with { Columns = [.. Columns.Select(column => column is ConstantTransform constant && string.Equals(column.Name, label, StringComparison.OrdinalIgnoreCase) ? constant with { IsLabel = true } : column)] };

    internal override float[] Fillings()
    {
        var (values, start) = (new float[SampleShape[0]], 0);
        foreach (var column in Columns)
        {
            (column with { TakesOthers = false }).Apply([], '.', values.AsSpan(start, column.Width));
            start += column.Width;
        }

        return values;
    }

    internal override bool[] Constants() => [.. Columns.SelectMany(column => Enumerable.Range(0, column.Width).Select(value => column is ConstantTransform && value == 0))];

    /// <inheritdoc/>
    public override void Validate()
    {
        if (Columns.Count == 0 || Columns.Sum(column => (long)column.Width) > MaximumValues)
        {
            throw new HourglassException($"preprocessing: expected 1 column or more and at most {MaximumValues} model values.");
        }

        foreach (var column in Columns)
        {
            if (column.Fault() is { } fault)
            {
                throw new HourglassException($"preprocessing: column '{column.Name}': {fault}.");
            }
        }
    }
}
