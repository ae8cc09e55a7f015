using Hourglass.Scoring;

namespace Hourglass.Detection.Terms;

/// <summary>Mean distance between a sample's latents and those of the nearest normal samples, the members' latents beside each other.</summary>
public sealed record LatentNeighbourRecord : TermRecord
{
    /// <summary>How many neighbours.</summary>
    public int Neighbours { get; init; } = 5;

    internal override ScoreTerm Fit(DetectorBasis basis, IReadOnlyList<ScoringBatch> heldOut) => new LatentNeighbourTerm(this, basis);

    internal override ScoreTerm Read(DetectorBasis basis, TermTensors tensors) => new LatentNeighbourTerm(this, basis);

    internal override string? Fault(DetectorBasis basis) =>
        Neighbours is < 1 or > 1000 ? $"neighbours must be from 1 to 1000, got {Neighbours}"
        : basis.References.Length == 0 || basis.Members.Count == 0 ? "neighbours in latents need a trained member and normal samples to compare with"
        : base.Fault(basis);
}

/// <summary>Each neighbour's distance is split as the squared differences between the two samples are.</summary>
internal sealed class LatentNeighbourTerm : ScoreTerm
{
    private const int Rows = 4096; // encoded at once
    private readonly LatentNeighbourRecord _record;
    private readonly DetectorBasis _basis;
    private readonly NeighbourSearch _search;

    public LatentNeighbourTerm(LatentNeighbourRecord record, DetectorBasis basis)
        : this(record, basis, new NeighbourSearch(References(basis), Width(basis)))
    {
    }

    private LatentNeighbourTerm(LatentNeighbourRecord record, DetectorBasis basis, NeighbourSearch search)
        : base(record) => (_record, _basis, _search) = (record, basis, search);

    public override void Measure(ScoringBatch batch, Span<double> values, Span<double> contributions)
    {
        var (length, wanted) = (batch.Basis.SampleLength, Math.Min(_record.Neighbours, _search.Count));
        var found = _search.Nearest(Beside(_basis, batch.Count, batch.Latents), wanted);
        contributions.Clear();
        for (var sample = 0; sample < batch.Count; sample++)
        {
            values[sample] = 0;
            foreach (var neighbour in found.AsSpan(sample * wanted, wanted))
            {
                values[sample] += neighbour.Distance / wanted;
                if (!contributions.IsEmpty)
                {
                    Split(batch.Row(sample), _basis.References.AsSpan(neighbour.Row * length, length), neighbour.Distance / wanted, contributions.Slice(sample * length, length));
                }
            }
        }
    }

    internal override ScoreTerm With(TermRecord record) => new LatentNeighbourTerm((LatentNeighbourRecord)record, _basis, _search);

    private static int Width(DetectorBasis basis) => basis.Members.Sum(member => member.LatentSize);

    private static float[] References(DetectorBasis basis)
    {
        var (length, width) = (basis.SampleLength, Width(basis));
        var latents = new float[basis.References.Length / length * width];
        for (var row = 0; row < basis.References.Length / length; row += Rows)
        {
            var (start, count) = (row, Math.Min(Rows, (basis.References.Length / length) - row));
            Beside(basis, count, member =>
            {
                var own = new float[count * member.LatentSize];
                member.Encode(basis.References.AsSpan(start * length, count * length), own);
                return own;
            }).CopyTo(latents, start * width);
        }

        return latents;
    }

    // Members beside each other: [sample, member, latent].
    private static float[] Beside(DetectorBasis basis, int count, Func<IReconstructor, float[]> latentsOf)
    {
        var (width, start) = (Width(basis), 0);
        var latents = new float[count * width];
        foreach (var member in basis.Members)
        {
            var own = latentsOf(member);
            for (var sample = 0; sample < count; sample++)
            {
                own.AsSpan(sample * member.LatentSize, member.LatentSize).CopyTo(latents.AsSpan((sample * width) + start));
            }

            start += member.LatentSize;
        }

        return latents;
    }

    private static void Split(ReadOnlySpan<float> sample, ReadOnlySpan<float> neighbour, double distance, Span<double> contributions)
    {
        var whole = 0.0;
        for (var value = 0; value < sample.Length; value++)
        {
            whole += Square(sample[value] - (double)neighbour[value]);
        }

        for (var value = 0; value < sample.Length; value++)
        {
            contributions[value] += whole > 0 ? distance * Square(sample[value] - (double)neighbour[value]) / whole : distance / sample.Length;
        }
    }

    private static double Square(double number) => number * number;
}
