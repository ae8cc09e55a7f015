using Hourglass.Bundles;
using Hourglass.Detection.Pictures;

namespace Hourglass.Detection.Terms;

/// <summary>Pictures: how far their detail of each size, in each part, is from that of normal pictures; too smooth and too rough alike.</summary>
/// <remarks>A Mahalanobis distance over logarithms of energies. It is learnt from the reference samples alone, so that held-out samples still calibrate it.</remarks>
public sealed record DetailRecord : TermRecord
{
    private const int LeastReferences = 10;
    private const int MostReferences = 4096;
    private const double ContrastBelowNotice = 1.0 / 64; // share of the pictures' standard deviation

    /// <summary>Energy that counts as none, in squared model-input units; from the reference samples when 0.</summary>
    public double Floor { get; init; }

    internal override bool Suits(DetectorBasis basis) =>
        basis.Preprocessing.SampleShape is [_, >= PictureDetail.MinimumSide, >= PictureDetail.MinimumSide] && basis.References.Length >= LeastReferences * basis.SampleLength;

    internal override ScoreTerm Fit(DetectorBasis basis, IReadOnlyList<ScoringBatch> heldOut)
    {
        var rows = basis.References.Length / basis.SampleLength;
        var taken = Math.Min(rows, MostReferences);
        var samples = new float[taken * basis.SampleLength];
        for (var row = 0; row < taken; row++)
        {
            basis.References.AsSpan((int)((long)row * rows / taken) * basis.SampleLength, basis.SampleLength).CopyTo(samples.AsSpan(row * basis.SampleLength));
        }

        var deviation = ContrastBelowNotice * Deviation(samples);
        var record = this with { Floor = Math.Max(deviation * deviation, 1e-12) };
        return DetailTerm.Fit(record, new ScoringBatch(basis, samples));
    }

    internal override ScoreTerm Read(DetectorBasis basis, TermTensors tensors)
    {
        var count = PictureDetail.Bands(basis.Preprocessing.SampleShape) * PictureDetail.Grid * PictureDetail.Grid;
        return new DetailTerm(this, tensors.Floats("means", count), tensors.Floats("deviations", count), tensors.Floats("precision", count, count));
    }

    internal override string? Fault(DetectorBasis basis) =>
        !Suits(basis) ? $"detail needs pictures of at least {PictureDetail.MinimumSide} x {PictureDetail.MinimumSide} pixels and normal samples to learn from"
        : !(double.IsFinite(Floor) && Floor > 0) ? $"the floor of detail must be above 0, got {Floor}"
        : base.Fault(basis);

    private static double Deviation(ReadOnlySpan<float> values)
    {
        var (sum, squares) = (0.0, 0.0);
        foreach (var value in values)
        {
            sum += value;
            squares += (double)value * value;
        }

        var mean = sum / values.Length;
        return Math.Sqrt(Math.Max(0, (squares / values.Length) - (mean * mean)));
    }
}

/// <summary>Features stand as [band, cell row, cell column]; a feature's part of the distance is laid over its cell's pixels.</summary>
internal sealed class DetailTerm(DetailRecord record, float[] means, float[] deviations, float[] precision) : ScoreTerm(record)
{
    public static DetailTerm Fit(DetailRecord record, ScoringBatch references)
    {
        var features = Features(record, references);
        var (count, length) = (references.Count, features.Length / references.Count);
        var (means, deviations) = (new double[length], new double[length]);
        for (var place = 0; place < features.Length; place++)
        {
            means[place % length] += features[place] / count;
        }

        for (var place = 0; place < features.Length; place++)
        {
            deviations[place % length] += Math.Pow(features[place] - means[place % length], 2) / count;
        }

        for (var feature = 0; feature < length; feature++)
        {
            deviations[feature] = Math.Max(Math.Sqrt(deviations[feature]), 1e-6);
        }

        for (var place = 0; place < features.Length; place++)
        {
            features[place] = (features[place] - means[place % length]) / deviations[place % length];
        }

        return new DetailTerm(record, Floats(means), Floats(deviations), Floats(ShrunkCovariance.Invert(features, length).Precision));
    }

    public override void Measure(ScoringBatch batch, Span<double> values, Span<double> contributions)
    {
        var (features, length) = (Features(record, batch), means.Length);
        var (detail, parts) = (Detail(record, batch), new double[length]);
        contributions.Clear();
        for (var sample = 0; sample < batch.Count; sample++)
        {
            var row = features.AsSpan(sample * length, length);
            for (var feature = 0; feature < length; feature++)
            {
                row[feature] = (row[feature] - means[feature]) / deviations[feature];
            }

            Distance(row, parts);
            values[sample] = Math.Max(0, System.Numerics.Tensors.TensorPrimitives.Sum<double>(parts));
            if (!contributions.IsEmpty)
            {
                detail.Spread(parts, contributions.Slice(sample * batch.Basis.SampleLength, batch.Basis.SampleLength));
            }
        }
    }

    internal override IEnumerable<StoredTensor> ToStored() =>
        [new("means", [means.Length], means), new("deviations", [means.Length], deviations), new("precision", [means.Length, means.Length], precision)];

    internal override ScoreTerm With(TermRecord other) => new DetailTerm((DetailRecord)other, means, deviations, precision);

    private static PictureDetail Detail(DetailRecord record, ScoringBatch batch) => new(batch.Basis.Preprocessing.SampleShape, record.Floor);

    private static float[] Floats(double[] values) => [.. values.Select(value => (float)value)];

    // [sample, feature]
    private static double[] Features(DetailRecord record, ScoringBatch batch)
    {
        var detail = Detail(record, batch);
        var features = new double[batch.Count * detail.Count];
        for (var sample = 0; sample < batch.Count; sample++)
        {
            detail.Measure(batch.Row(sample), features.AsSpan(sample * detail.Count, detail.Count));
        }

        return features;
    }

    // parts[i] = z[i] (P z)[i] / features: they add up to the squared distance, in units of what a normal picture has.
    private void Distance(ReadOnlySpan<double> scaled, Span<double> parts)
    {
        for (var feature = 0; feature < scaled.Length; feature++)
        {
            var sum = 0.0;
            for (var other = 0; other < scaled.Length; other++)
            {
                sum += precision[(feature * scaled.Length) + other] * scaled[other];
            }

            parts[feature] = scaled[feature] * sum / scaled.Length;
        }
    }
}
