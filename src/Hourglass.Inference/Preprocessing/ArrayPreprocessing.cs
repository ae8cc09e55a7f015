namespace Hourglass.Preprocessing;

/// <summary>Arrays: a fixed shape, each value scaled.</summary>
public sealed record ArrayPreprocessing : SamplePreprocessing
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
