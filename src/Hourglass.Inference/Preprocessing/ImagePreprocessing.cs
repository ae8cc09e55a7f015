namespace Hourglass.Preprocessing;

/// <summary>Pictures: decoded, resized, bytes scaled to [0, 1].</summary>
public sealed record ImagePreprocessing : SamplePreprocessing
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
