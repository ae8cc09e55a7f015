namespace Hourglass.Preprocessing;

/// <summary>Tables: a transform for each column.</summary>
public sealed record TablePreprocessing : SamplePreprocessing
{
    /// <inheritdoc/>
    public override IReadOnlyList<int> SampleShape => throw new NotImplementedException();

    /// <inheritdoc/>
    public override bool IsUnitInterval => throw new NotImplementedException();

    /// <inheritdoc/>
    public override IReadOnlyList<FeatureBlock> Blocks => throw new NotImplementedException();

    /// <inheritdoc/>
    public override IReadOnlyList<OutputColumn> OutputColumns => throw new NotImplementedException();

    /// <inheritdoc/>
    public override void Invert(ReadOnlySpan<float> modelValues, Span<Cell> cells) => throw new NotImplementedException();
}
