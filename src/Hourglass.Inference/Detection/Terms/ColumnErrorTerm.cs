using Hourglass.Bundles;

namespace Hourglass.Detection.Terms;

/// <summary>Errors of reconstruction, each source column's as surprise of its own, added up: a column counts once, however many words it has, and a column that is often wrong says little where it is wrong.</summary>
internal sealed class ColumnErrorTerm : ScoreTerm
{
    private readonly ReconstructionTerm _errors;
    private readonly ColumnSurprise _surprise;

    public ColumnErrorTerm(ReconstructionRecord record, ColumnSurprise surprise)
        : base(record) => (_errors, _surprise) = (new ReconstructionTerm(record, []), surprise);

    /// <summary>Learns the curves of the columns.</summary>
    public static ColumnErrorTerm Fit(ReconstructionRecord record, DetectorBasis basis, IReadOnlyList<ScoringBatch> heldOut)
    {
        var errors = new ReconstructionTerm(record, []);
        return new ColumnErrorTerm(record, ColumnSurprise.Learn(basis, heldOut, batch =>
        {
            var (own, columns) = (new double[batch.Samples.Length], batch.Basis.Columns);
            errors.Errors(batch, own);
            return [.. Enumerable.Range(0, batch.Count).SelectMany(sample => columns.Select(column => Whole(Row(batch, own, sample).Slice(column.Start, column.Length))))];
        }));
    }

    public override void Measure(ScoringBatch batch, Span<double> values, Span<double> contributions)
    {
        var errors = contributions.IsEmpty ? new double[batch.Samples.Length] : contributions;
        _errors.Errors(batch, errors);
        for (var sample = 0; sample < batch.Count; sample++)
        {
            values[sample] = 0;
            for (var column = 0; column < batch.Basis.Columns.Count; column++)
            {
                var own = Row(batch, errors, sample).Slice(batch.Basis.Columns[column].Start, batch.Basis.Columns[column].Length);
                var whole = Whole(own);
                var nats = _surprise.Of(column, whole);
                values[sample] += nats;
                if (!contributions.IsEmpty && whole > 0)
                {
                    System.Numerics.Tensors.TensorPrimitives.Multiply(own, nats / whole, own);
                }
            }
        }
    }

    public override bool Expect(ScoringBatch batch, Span<float> expected) => _errors.Expect(batch, expected);

    internal override IEnumerable<StoredTensor> ToStored() => _surprise.ToStored();

    internal override ScoreTerm With(TermRecord record) => new ColumnErrorTerm((ReconstructionRecord)record, _surprise);

    private static Span<double> Row(ScoringBatch batch, Span<double> errors, int sample) => errors.Slice(sample * batch.Basis.SampleLength, batch.Basis.SampleLength);

    private static double Whole(ReadOnlySpan<double> errors) => errors.Length == 1 ? errors[0] : System.Numerics.Tensors.TensorPrimitives.Sum(errors);
}
