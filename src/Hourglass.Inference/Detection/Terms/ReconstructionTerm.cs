using System.Text.Json.Serialization;
using Hourglass.Bundles;
using Hourglass.Preprocessing;
using Hourglass.Scoring;

namespace Hourglass.Detection.Terms;

/// <summary>How badly samples are reconstructed, value by value in units of the error on held-out normal samples.</summary>
public sealed record ReconstructionRecord : TermRecord
{
    /// <summary>Whose reconstructions.</summary>
    public ReconstructionSource Source { get; init; }

    /// <summary>Whether the plain squared error of every value counts, without units and kinds of columns: the classical score of PCA.</summary>
    public bool IsPlain { get; init; }

    /// <summary>Whether each source column's error counts as surprise, added up, instead of each value's in units of its own: of rows of few columns alone.</summary>
    public bool IsByColumn { get; init; }

    internal override bool LearnsFromHeldOut => !IsPlain;

    internal override TermRecord For(DetectorBasis basis) => (ReconstructionRecord)base.For(basis) with { IsByColumn = IsByColumn && ColumnSurprise.Suits(basis) };

    internal override ScoreTerm Fit(DetectorBasis basis, IReadOnlyList<ScoringBatch> heldOut)
    {
        if (IsByColumn)
        {
            return ColumnErrorTerm.Fit(this, basis, heldOut);
        }

        var draft = new ReconstructionTerm(this, []);
        return new ReconstructionTerm(this, IsPlain ? [.. Enumerable.Repeat(1f, basis.SampleLength)] : ReconstructionTerm.Units(basis, draft.MeanErrors(basis, heldOut)));
    }

    internal override ScoreTerm Read(DetectorBasis basis, TermTensors tensors) =>
        IsByColumn ? new ColumnErrorTerm(this, ColumnSurprise.Read(basis, tensors)) : new ReconstructionTerm(this, tensors.Floats("units", basis.SampleLength));

    internal override string? Fault(DetectorBasis basis) =>
        Source == ReconstructionSource.Members && basis.Members.Count == 0 ? "reconstruction needs a trained member"
        : IsByColumn && (IsPlain || !ColumnSurprise.Suits(basis)) ? "reconstruction by column is for rows of few columns, and never plain"
        : Source == ReconstructionSource.Pca && basis.Pca is null ? "reconstruction by PCA needs the file's PCA"
        : base.Fault(basis);
}

/// <summary>Whose reconstructions are compared with samples.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<ReconstructionSource>))]
public enum ReconstructionSource
{
    /// <summary>The members', their errors averaged.</summary>
    Members,

    /// <summary>The PCA's.</summary>
    Pca,
}

/// <summary>Numbers: squared error; flags and categories: negative log-likelihood. Both over their mean on held-out normal samples; of the mean over values the root is taken,
/// so that the term grows with the distance from normal as the neighbours' terms do.</summary>
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

            values[sample] = Math.Sqrt(sum);
            for (var value = 0; value < length && sum > 0; value++)
            {
                row[value] *= values[sample] / sum;
            }
        }
    }

    public override bool Expect(ScoringBatch batch, Span<float> expected)
    {
        var models = Models(batch.Basis);
        expected.Clear();
        foreach (var model in models)
        {
            System.Numerics.Tensors.TensorPrimitives.Add<float>(expected, batch.Reconstructions(model), expected);
        }

        System.Numerics.Tensors.TensorPrimitives.Divide(expected, models.Count, expected);
        return true;
    }

    internal override IEnumerable<StoredTensor> ToStored() => [new("units", [units.Length], units)];

    internal override ScoreTerm With(TermRecord record) => new ReconstructionTerm((ReconstructionRecord)record, units);

    /// <summary>Mean error over the models of each value.</summary>
    internal void Errors(ScoringBatch batch, Span<double> errors)
    {
        var models = Models(batch.Basis);
        errors.Clear();
        foreach (var block in batch.Basis.Preprocessing.Blocks)
        {
            foreach (var model in models)
            {
                Add(batch, batch.Reconstructions(model), record.IsPlain ? block with { Kind = FeatureBlockKind.Numeric } : block, 1.0 / models.Count, errors);
            }
        }
    }

    /// <summary>Mean error of each value of a sample; in series, of each channel over all steps. Batches of another basis count for the values that theirs has too.</summary>
    internal double[] MeanErrors(DetectorBasis basis, IReadOnlyList<ScoringBatch> batches)
    {
        var means = new double[basis.Preprocessing.SampleShape is [_, var channels] ? channels : basis.SampleLength];
        var (rows, measured) = (new long[means.Length], new List<(double[] Errors, int[] Places)>());
        foreach (var batch in batches)
        {
            var errors = new double[batch.Samples.Length];
            Errors(batch, errors);
            int[] places = batch.Basis == basis ? [.. Enumerable.Range(0, means.Length)] : ValueNames.Places(batch.Basis.Preprocessing, basis.Preprocessing, means.Length);
            Each(errors, places, (_, place) => rows[place]++);
            measured.Add((errors, places));
        }

        measured.ForEach(entry => Each(entry.Errors, entry.Places, (error, place) => means[place] += error / rows[place]));
        return means;

        static void Each(double[] errors, int[] places, Action<double, int> take)
        {
            for (var value = 0; value < errors.Length; value++)
            {
                if (places[value % places.Length] is >= 0 and var place)
                {
                    take(errors[value], place);
                }
            }
        }
    }

    /// <summary>Mean errors, none below a share of the mean over all values; what time it is counts nothing.</summary>
    internal static float[] Units(DetectorBasis basis, double[] means)
    {
        var floor = Math.Max(LeastShareOfUnit * means.Average(), 1e-9);
        var series = basis.Preprocessing as SeriesPreprocessing;
        return [.. Enumerable.Range(0, basis.SampleLength).Select(value => series?.IsClock(value % means.Length) is true ? float.MaxValue : (float)Math.Max(means[value % means.Length], floor))];
    }

    private IReadOnlyList<IReconstructor> Models(DetectorBasis basis) => record.Source == ReconstructionSource.Pca ? [basis.Pca!] : basis.Members;

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
        FeatureBlockKind.Binary when found is < 0 or > 1 => -Math.Log(LeastProbability), // neither of the two words
        FeatureBlockKind.Binary => -(found * Math.Log(Math.Clamp(expected, LeastProbability, 1))) - ((1 - found) * Math.Log(Math.Clamp(1 - expected, LeastProbability, 1))),
        _ => (found - expected) * (found - expected),
    };
}
