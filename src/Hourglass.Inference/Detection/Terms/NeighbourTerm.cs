using Hourglass.Bundles;

namespace Hourglass.Detection.Terms;

/// <summary>Mean distance to the nearest normal samples. Ramaswamy et al. 2000, https://doi.org/10.1145/342009.335437; Angiulli and Pizzuti 2002.</summary>
public sealed record NeighbourRecord : TermRecord
{
    private const int MaximumViews = 8;

    /// <summary>How many neighbours.</summary>
    public int Neighbours { get; init; } = 5;

    /// <summary>How numbers are scaled: one view, or several beside each other.</summary>
    public IReadOnlyList<FeatureView> Views { get; init; } = [FeatureView.Inputs];

    /// <summary>Whether a neighbour equal to the sample is passed over: where samples that are scored were learnt from, it is the sample itself.</summary>
    public bool PassesOverEqual { get; init; }

    /// <summary>Share of the samples to compare with that count, the first ones: where training samples may be anomalies they stand from the most typical to the strangest.</summary>
    public double Share { get; init; } = 1;

    internal override ScoreTerm Fit(DetectorBasis basis, IReadOnlyList<ScoringBatch> heldOut) => new NeighbourTerm(this, basis, FeatureViews.Fit(Views, basis));

    internal override ScoreTerm Read(DetectorBasis basis, TermTensors tensors) => new NeighbourTerm(this, basis, FeatureViews.Read(Views, basis, tensors));

    internal override string? Fault(DetectorBasis basis) =>
        Neighbours is < 1 or > 1000 ? $"neighbours must be from 1 to 1000, got {Neighbours}"
        : Share is not (> 0 and <= 1) ? $"the share of the samples to compare with must be above 0 and at most 1, got {Share}"
        : Views.Count is 0 or > MaximumViews ? $"views must be 1 to {MaximumViews}, got {Views.Count}"
        : basis.References.Length == 0 ? "neighbours need normal samples to compare with"
        : base.Fault(basis);
}

/// <summary>Squared differences to each neighbour split the distance over the values.</summary>
internal sealed class NeighbourTerm : ScoreTerm
{
    private readonly NeighbourRecord _record;
    private readonly FeatureViews _views;
    private readonly NeighbourSearch _search;
    private readonly DetectorBasis _basis;

    public NeighbourTerm(NeighbourRecord record, DetectorBasis basis, FeatureViews views)
        : this(record, basis, views, new NeighbourSearch(views.Apply(Compared(record, basis)), views.Width))
    {
    }

    private NeighbourTerm(NeighbourRecord record, DetectorBasis basis, FeatureViews views, NeighbourSearch search)
        : base(record) => (_record, _basis, _views, _search) = (record, basis, views, search);

    private int Wanted => Math.Min(_record.Neighbours + (_record.PassesOverEqual ? 1 : 0), _search.Count);

    public override void Measure(ScoringBatch batch, Span<double> values, Span<double> contributions)
    {
        var (length, wanted, seen) = (batch.Basis.SampleLength, Wanted, _views.Apply(batch.Samples));
        var found = _search.Nearest(seen, wanted);
        contributions.Clear();
        for (var sample = 0; sample < batch.Count; sample++)
        {
            var near = Kept(found.AsSpan(sample * wanted, wanted));
            values[sample] = 0;
            foreach (var neighbour in near)
            {
                values[sample] += neighbour.Distance / near.Length;
                if (!contributions.IsEmpty && neighbour.Distance > 0)
                {
                    Split(seen.AsSpan(sample * _views.Width, _views.Width), _search.Row(neighbour.Row), neighbour.Distance * near.Length, contributions.Slice(sample * length, length));
                }
            }
        }
    }

    public override bool Expect(ScoringBatch batch, Span<float> expected)
    {
        var (length, wanted) = (batch.Basis.SampleLength, Wanted);
        var found = _search.Nearest(_views.Apply(batch.Samples), wanted);
        expected.Clear();
        for (var sample = 0; sample < batch.Count; sample++)
        {
            var near = Kept(found.AsSpan(sample * wanted, wanted));
            foreach (var neighbour in near)
            {
                var row = _basis.References.AsSpan(neighbour.Row * length, length);
                for (var value = 0; value < length; value++)
                {
                    expected[(sample * length) + value] += row[value] / near.Length;
                }
            }
        }

        return true;
    }

    internal override IEnumerable<StoredTensor> ToStored() => _views.ToStored();

    internal override ScoreTerm With(TermRecord record) => new NeighbourTerm((NeighbourRecord)record, _basis, _views, _search);

    private ReadOnlySpan<Neighbour> Kept(ReadOnlySpan<Neighbour> found) =>
        !_record.PassesOverEqual || found.Length == 1 ? found : found[0].Distance == 0 ? found[1..] : found[..^1];

    private static float[] Compared(NeighbourRecord record, DetectorBasis basis) =>
        record.Share == 1 ? basis.References : basis.References[..(Math.Max(1, (int)(record.Share * basis.References.Length / basis.SampleLength)) * basis.SampleLength)];

    private static void Split(ReadOnlySpan<float> sample, ReadOnlySpan<float> neighbour, double divisor, Span<double> contributions)
    {
        for (var place = 0; place < sample.Length; place++)
        {
            var difference = (double)sample[place] - neighbour[place];
            contributions[place % contributions.Length] += difference * difference / divisor;
        }
    }
}
