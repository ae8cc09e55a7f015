namespace Hourglass.Detection.Terms;

/// <summary>Mean distance to the nearest normal samples.</summary>
public sealed record NeighbourRecord : TermRecord
{
    /// <summary>How many neighbours.</summary>
    public int Neighbours { get; init; } = 5;

    internal override ScoreTerm Fit(DetectorBasis basis, ScoringBatch heldOut) => new NeighbourTerm(this, new NeighbourSearch(basis.References, basis.SampleLength));

    internal override ScoreTerm Read(DetectorBasis basis, TermTensors tensors) => new NeighbourTerm(this, new NeighbourSearch(basis.References, basis.SampleLength));

    internal override string? Fault(DetectorBasis basis) =>
        Neighbours is < 1 or > 1000 ? $"neighbours must be from 1 to 1000, got {Neighbours}"
        : basis.References.Length == 0 ? "neighbours need normal samples to compare with"
        : base.Fault(basis);
}

/// <summary>Squared differences to each neighbour split the distance over the values.</summary>
internal sealed class NeighbourTerm(NeighbourRecord record, NeighbourSearch search) : ScoreTerm(record)
{
    public override void Measure(ScoringBatch batch, Span<double> values, Span<double> contributions)
    {
        var (length, wanted) = (batch.Basis.SampleLength, Math.Min(record.Neighbours, search.Count));
        var found = search.Nearest(batch.Samples, wanted);
        contributions.Clear();
        for (var sample = 0; sample < batch.Count; sample++)
        {
            values[sample] = 0;
            for (var rank = 0; rank < wanted; rank++)
            {
                var neighbour = found[(sample * wanted) + rank];
                values[sample] += neighbour.Distance / wanted;
                if (!contributions.IsEmpty && neighbour.Distance > 0)
                {
                    Split(batch.Row(sample), search.Row(neighbour.Row), neighbour.Distance * wanted, contributions.Slice(sample * length, length));
                }
            }
        }
    }

    public override bool Expect(ScoringBatch batch, Span<float> expected)
    {
        var (length, wanted) = (batch.Basis.SampleLength, Math.Min(record.Neighbours, search.Count));
        var found = search.Nearest(batch.Samples, wanted);
        expected.Clear();
        for (var place = 0; place < found.Length; place++)
        {
            var row = search.Row(found[place].Row);
            for (var value = 0; value < length; value++)
            {
                expected[(place / wanted * length) + value] += row[value] / wanted;
            }
        }

        return true;
    }

    internal override ScoreTerm With(TermRecord record) => new NeighbourTerm((NeighbourRecord)record, search);

    private static void Split(ReadOnlySpan<float> sample, ReadOnlySpan<float> neighbour, double divisor, Span<double> contributions)
    {
        for (var value = 0; value < sample.Length; value++)
        {
            var difference = (double)sample[value] - neighbour[value];
            contributions[value] += difference * difference / divisor;
        }
    }
}
