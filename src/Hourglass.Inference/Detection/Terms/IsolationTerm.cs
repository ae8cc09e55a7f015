using Hourglass.Bundles;

namespace Hourglass.Detection.Terms;

/// <summary>Isolation forest: samples that few random cuts set apart are strange. Liu et al. 2008, https://doi.org/10.1109/ICDM.2008.17.</summary>
public sealed record IsolationRecord : TermRecord
{
    /// <summary>Trees.</summary>
    public int Trees { get; init; } = 100;

    /// <summary>Normal samples that a tree is grown from.</summary>
    public int Samples { get; init; } = 256;

    /// <summary>Seed of the cuts.</summary>
    public int Seed { get; init; } = 1;

    internal override ScoreTerm Fit(DetectorBasis basis, IReadOnlyList<ScoringBatch> heldOut) => new IsolationTerm(this, IsolationForest.Fit(basis.References, basis.SampleLength, this));

    internal override ScoreTerm Read(DetectorBasis basis, TermTensors tensors) => new IsolationTerm(this, IsolationForest.Read(this, basis.SampleLength, tensors));

    internal override string? Fault(DetectorBasis basis) =>
        Trees is < 1 or > 10_000 || Samples is < 2 or > 1 << 20 ? $"an isolation forest has 1 to 10000 trees of 2 to {1 << 20} samples, got {Trees} of {Samples}"
        : base.Fault(basis);
}

/// <summary>The forest's score, 0 to 1, split over the values that cut a sample off, by how much each cut narrows down.</summary>
internal sealed class IsolationTerm(IsolationRecord record, IsolationForest forest) : ScoreTerm(record)
{
    public override void Measure(ScoringBatch batch, Span<double> values, Span<double> contributions)
    {
        contributions.Clear();
        for (var sample = 0; sample < batch.Count; sample++)
        {
            var parts = contributions.IsEmpty ? default : contributions.Slice(sample * batch.Basis.SampleLength, batch.Basis.SampleLength);
            values[sample] = forest.Score(batch.Row(sample), parts);
            var whole = System.Numerics.Tensors.TensorPrimitives.Sum<double>(parts);
            for (var value = 0; value < parts.Length; value++)
            {
                parts[value] = whole > 0 ? parts[value] / whole * values[sample] : values[sample] / parts.Length;
            }
        }
    }

    internal override IEnumerable<StoredTensor> ToStored() => forest.ToStored();

    internal override ScoreTerm With(TermRecord record) => new IsolationTerm((IsolationRecord)record, forest);
}
