using Hourglass.Bundles;
using Hourglass.Preprocessing;

namespace Hourglass.Detection.Terms;

/// <summary>How badly the members reconstruct a sample, value by value in units of the error on held-out normal samples.</summary>
public sealed record ReconstructionRecord : TermRecord
{
    internal override ScoreTerm Fit(DetectorBasis basis, ScoringBatch heldOut)
    {
        var errors = new double[heldOut.Count * basis.SampleLength];
        ReconstructionTerm.Errors(heldOut, errors);
        return new ReconstructionTerm(this, ReconstructionTerm.Floors(basis, errors));
    }

    internal override ScoreTerm Read(DetectorBasis basis, TermTensors tensors) => new ReconstructionTerm(this, tensors.Floats("units", basis.SampleLength));

    internal override string? Fault(DetectorBasis basis) => basis.Members.Count == 0 ? "reconstruction needs a trained member" : base.Fault(basis);
}

/// <summary>Numbers: squared error; flags and categories: negative log-likelihood. Both over their mean on held-out normal samples.</summary>
internal sealed class ReconstructionTerm(ReconstructionRecord record, float[] units) : ScoreTerm(record)
{
    private const double LeastProbability = 1e-6;
    private const double LeastShareOfUnit = 0.05; // a value that normals always get right must not outweigh all others

    public override void Measure(ScoringBatch batch, Span<double> values, Span<double> contributions)
    {
        var length = batch.Basis.SampleLength;
        var errors = contributions.IsEmpty ? new double[batch.Samples.Length] : contributions;
        Errors(batch, errors);
        for (var sample = 0; sample < batch.Count; sample++)
        {
            var row = errors.Slice(sample * length, length);
            var sum = 0.0;
            for (var value = 0; value < length; value++)
            {
                sum += row[value] /= units[value] * length;
            }

            values[sample] = sum;
        }
    }

    public override bool Expect(ScoringBatch batch, Span<float> expected)
    {
        expected.Clear();
        for (var member = 0; member < batch.Basis.Members.Count; member++)
        {
            System.Numerics.Tensors.TensorPrimitives.Add<float>(expected, batch.Reconstructions(member), expected);
        }

        System.Numerics.Tensors.TensorPrimitives.Divide(expected, batch.Basis.Members.Count, expected);
        return true;
    }

    internal override IEnumerable<StoredTensor> ToStored() => [new("units", [units.Length], units)];

    internal override ScoreTerm With(TermRecord record) => new ReconstructionTerm((ReconstructionRecord)record, units);

    /// <summary>Mean error over the members of each value.</summary>
    internal static void Errors(ScoringBatch batch, Span<double> errors)
    {
        errors.Clear();
        foreach (var block in batch.Basis.Preprocessing.Blocks)
        {
            for (var member = 0; member < batch.Basis.Members.Count; member++)
            {
                Add(batch, batch.Reconstructions(member), block, 1.0 / batch.Basis.Members.Count, errors);
            }
        }
    }

    /// <summary>Mean error of each value on held-out samples, not below a share of the mean over all values; in series, of each channel over all steps, and what time it is counts nothing.</summary>
    internal static float[] Floors(DetectorBasis basis, ReadOnlySpan<double> errors)
    {
        var means = new double[basis.Preprocessing.SampleShape is [_, var channels] ? channels : basis.SampleLength];
        var rows = Math.Max(1, errors.Length / means.Length);
        for (var place = 0; place < errors.Length; place++)
        {
            means[place % means.Length] += errors[place] / rows;
        }

        var floor = Math.Max(LeastShareOfUnit * means.Average(), 1e-9);
        var series = basis.Preprocessing as SeriesPreprocessing;
        return [.. Enumerable.Range(0, basis.SampleLength).Select(value => series?.IsClock(value % means.Length) is true ? float.MaxValue : (float)Math.Max(means[value % means.Length], floor))];
    }

    private static void Add(ScoringBatch batch, float[] reconstructions, FeatureBlock block, double share, Span<double> errors)
    {
        for (var sample = 0; sample < batch.Count; sample++)
        {
            var start = (sample * batch.Basis.SampleLength) + block.Start;
            for (var place = start; place < start + block.Length; place++)
            {
                errors[place] += share * Error(block.Kind, batch.Samples[place], reconstructions[place]);
            }
        }
    }

    private static double Error(FeatureBlockKind kind, double found, double expected) => kind switch
    {
        FeatureBlockKind.Categorical => -found * Math.Log(Math.Clamp(expected, LeastProbability, 1)),
        FeatureBlockKind.Binary => -(found * Math.Log(Math.Clamp(expected, LeastProbability, 1))) - ((1 - found) * Math.Log(Math.Clamp(1 - expected, LeastProbability, 1))),
        _ => (found - expected) * (found - expected),
    };
}
