using Hourglass.Bundles;

namespace Hourglass.Detection.Terms;

/// <summary>How rare each column's value is among normal samples that share another column's value, each column as surprise, added up: of rows alone.</summary>
public sealed record PairRecord : TermRecord
{
    private const int MostPartners = 64;

    /// <summary>Columns that each is compared with: those that tell most about it.</summary>
    public int Partners { get; init; } = 3;

    internal override bool LearnsFromHeldOut => true;

    internal override bool Suits(DetectorBasis basis) => ColumnSurprise.Suits(basis) && basis.Columns.Count > 1;

    internal override ScoreTerm Fit(DetectorBasis basis, IReadOnlyList<ScoringBatch> heldOut)
    {
        var tables = PairTables.Learn(basis, Partners);
        return new PairTerm(this, tables, ColumnSurprise.Learn(basis, heldOut, batch => (batch.Basis == basis ? tables : PairTables.Learn(batch.Basis, Partners)).Rarest(batch)));
    }

    internal override ScoreTerm Read(DetectorBasis basis, TermTensors tensors) => new PairTerm(this, PairTables.Read(basis, Partners, tensors), ColumnSurprise.Read(basis, tensors));

    internal override string? Fault(DetectorBasis basis) =>
        Partners is < 1 or > MostPartners ? $"partners must be from 1 to {MostPartners}, got {Partners}"
        : !Suits(basis) ? $"pairs need rows of two columns or more, and of no more than count by themselves, got {basis.Columns.Count}"
        : basis.References.Length == 0 ? "pairs need normal samples to count"
        : base.Fault(basis);
}

/// <summary>A column's surprise is shared evenly by its values.</summary>
internal sealed class PairTerm(PairRecord record, PairTables tables, ColumnSurprise surprise) : ScoreTerm(record)
{
    public override void Measure(ScoringBatch batch, Span<double> values, Span<double> contributions)
    {
        var (rarest, columns) = (tables.Rarest(batch), batch.Basis.Columns);
        for (var sample = 0; sample < batch.Count; sample++)
        {
            values[sample] = 0;
            for (var column = 0; column < columns.Count; column++)
            {
                var nats = surprise.Of(column, rarest[(sample * columns.Count) + column]);
                values[sample] += nats;
                if (!contributions.IsEmpty)
                {
                    contributions.Slice((sample * batch.Basis.SampleLength) + columns[column].Start, columns[column].Length).Fill(nats / columns[column].Length);
                }
            }
        }
    }

    internal override IEnumerable<StoredTensor> ToStored() => tables.ToStored().Concat(surprise.ToStored());

    internal override ScoreTerm With(TermRecord record) => new PairTerm((PairRecord)record, tables, surprise);
}
