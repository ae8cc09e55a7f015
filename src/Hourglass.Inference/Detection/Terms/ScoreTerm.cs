using Hourglass.Bundles;

namespace Hourglass.Detection.Terms;

/// <summary>One part of a score: a number of 0 or more for each sample, split over the sample's values.</summary>
public abstract class ScoreTerm
{
    private protected ScoreTerm(TermRecord record) => Record = record;

    /// <summary>What the file says of it.</summary>
    public TermRecord Record { get; }

    /// <summary>Measures samples.</summary>
    /// <param name="batch">The samples.</param>
    /// <param name="values">Receives one number for each sample, 0 or more, higher for stranger samples.</param>
    /// <param name="contributions">Receives [sample, value], each row adding up to its number; empty when not wanted.</param>
    public abstract void Measure(ScoringBatch batch, Span<double> values, Span<double> contributions);

    /// <summary>What a normal sample would have looked like in place of each.</summary>
    /// <param name="batch">The samples.</param>
    /// <param name="expected">Receives [sample, value] in model-input units.</param>
    /// <returns>Whether this term can tell; nothing is written otherwise.</returns>
    public virtual bool Expect(ScoringBatch batch, Span<float> expected) => false;

    /// <summary>What it learnt, beside its record; names get the term's place in the file in front.</summary>
    internal virtual IEnumerable<StoredTensor> ToStored() => [];

    /// <summary>The same term with another record.</summary>
    internal abstract ScoreTerm With(TermRecord record);
}
