using Hourglass.Bundles;

namespace Hourglass.Detection.Terms;

/// <summary>How far the encoder's view of a reconstruction is from its view of the sample: |E(x) - E(D(E(x)))|, each latent in units of its difference on held-out normal samples.</summary>
/// <remarks>A reconstruction that differs in what the encoder does not look at costs nothing, one that shows another thing does: Dosovitskiy and Brox 2016, https://arxiv.org/abs/1602.02644, compare in features
/// so; Akcay et al. 2018, https://arxiv.org/abs/1805.06725, section 3.2, score anomalies by an encoder's two views.</remarks>
public sealed record FeatureErrorRecord : TermRecord
{
    internal override bool LearnsFromHeldOut => true;

    internal override ScoreTerm Fit(DetectorBasis basis, IReadOnlyList<ScoringBatch> heldOut) => new FeatureErrorTerm(this, FeatureErrorTerm.MeanSquares(heldOut is [var one] && one.Basis == basis ? one : throw new HourglassException("The error in features has units of its own for each latent of each member, which no other members share: leave out --folds, or take dense members.")));

    internal override ScoreTerm Read(DetectorBasis basis, TermTensors tensors) => new FeatureErrorTerm(this, tensors.Floats("units", basis.Members.Sum(member => member.LatentSize)));

    internal override string? Fault(DetectorBasis basis) => basis.Members.Count == 0 ? "an error in features needs a trained member" : base.Fault(basis);
}

/// <summary>The root of the mean over all members' latents; split over a sample's values as the squared errors of its reconstructions are.</summary>
internal sealed class FeatureErrorTerm(FeatureErrorRecord record, float[] units) : ScoreTerm(record)
{
    private const double LeastShareOfUnit = 0.05; // a latent that normals always keep must not outweigh all others

    public override void Measure(ScoringBatch batch, Span<double> values, Span<double> contributions)
    {
        var (length, start) = (batch.Basis.SampleLength, 0);
        values.Clear();
        contributions.Clear();
        foreach (var member in batch.Basis.Members)
        {
            var (before, after, size) = (batch.Latents(member), batch.LatentsOfReconstructions(member), member.LatentSize);
            for (var place = 0; place < before.Length; place++)
            {
                values[place / size] += Square(before[place] - (double)after[place]) / units[start + (place % size)] / units.Length;
            }

            start += size;
        }

        for (var sample = 0; sample < batch.Count; sample++)
        {
            values[sample] = Math.Sqrt(values[sample]);
            if (!contributions.IsEmpty)
            {
                Split(batch, sample, values[sample], contributions.Slice(sample * length, length));
            }
        }
    }

    internal override IEnumerable<StoredTensor> ToStored() => [new("units", [units.Length], units)];

    internal override ScoreTerm With(TermRecord record) => new FeatureErrorTerm((FeatureErrorRecord)record, units);

    /// <summary>Mean squared difference of each member's latents, not below a share of the mean over all.</summary>
    internal static float[] MeanSquares(ScoringBatch heldOut)
    {
        var means = new List<double>();
        foreach (var member in heldOut.Basis.Members)
        {
            var (before, after, own) = (heldOut.Latents(member), heldOut.LatentsOfReconstructions(member), new double[member.LatentSize]);
            for (var place = 0; place < before.Length; place++)
            {
                own[place % own.Length] += Square(before[place] - (double)after[place]) / Math.Max(1, heldOut.Count);
            }

            means.AddRange(own);
        }

        var floor = Math.Max(LeastShareOfUnit * means.Average(), 1e-12);
        return [.. means.Select(mean => (float)Math.Max(mean, floor))];
    }

    private static void Split(ScoringBatch batch, int sample, double value, Span<double> contributions)
    {
        var row = batch.Row(sample);
        foreach (var member in batch.Basis.Members)
        {
            var made = batch.Reconstructions(member).AsSpan(sample * row.Length, row.Length);
            for (var place = 0; place < row.Length; place++)
            {
                contributions[place] += Square(row[place] - (double)made[place]);
            }
        }

        var whole = System.Numerics.Tensors.TensorPrimitives.Sum<double>(contributions);
        for (var place = 0; place < row.Length; place++)
        {
            contributions[place] = whole > 0 ? contributions[place] / whole * value : value / row.Length;
        }
    }

    private static double Square(double number) => number * number;
}
