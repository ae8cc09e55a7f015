using Hourglass.Detection.Calibration;
using Hourglass.Detection.Terms;

namespace Hourglass.Detection;

/// <summary>A named way to score: terms, each in units of its own value on held-out normal samples or as surprise, added up.</summary>
/// <remarks>Every term's contributions add up to its value, so that the rule's add up to the score.</remarks>
public sealed class ScoreRule
{
    /// <summary>Puts a rule together.</summary>
    /// <param name="name">"autoencoder", or a rival's name.</param>
    /// <param name="terms">Its terms, one or more.</param>
    /// <param name="heldOut">Scores of normal samples that no term was fitted on.</param>
    public ScoreRule(string name, IReadOnlyList<ScoreTerm> terms, ScoreDistribution heldOut)
    {
        if (terms.Count == 0)
        {
            throw new ArgumentException("A rule needs a term or more.", nameof(terms));
        }

        (Name, Terms, HeldOut) = (name, terms, heldOut);
    }

    /// <summary>"autoencoder", "pca", "neighbours" or "isolation-forest".</summary>
    public string Name { get; }

    /// <summary>What is added up.</summary>
    public IReadOnlyList<ScoreTerm> Terms { get; }

    /// <summary>Scores of normal samples that no term was fitted on: what thresholds and p-values are made from.</summary>
    public ScoreDistribution HeldOut { get; }

    /// <summary>The rule with thresholds made from other scores.</summary>
    /// <param name="heldOut">Scores of normal samples that no term was fitted on.</param>
    public ScoreRule With(ScoreDistribution heldOut) => new(Name, Terms, heldOut);

    /// <summary>Scores samples; higher is more anomalous.</summary>
    /// <param name="batch">The samples.</param>
    /// <param name="contributions">Receives [sample, value], each row adding up to its score; empty when not wanted.</param>
    /// <returns>One score for each sample.</returns>
    public double[] Score(ScoringBatch batch, Span<double> contributions) => Score(Terms, batch, contributions);

    private const int SharedFrom = 128; // samples; fewer are a piece of a batch, and other threads have the other pieces

    internal static double[] Score(IReadOnlyList<ScoreTerm> terms, ScoringBatch batch, Span<double> contributions)
    {
        var (scores, length) = (new double[batch.Count], batch.Basis.SampleLength);
        var (raw, parts) = (new double[batch.Count], contributions.IsEmpty ? [] : new double[contributions.Length]);
        contributions.Clear();
        if (parts.Length == 0 && terms.Count > 1 && batch.Count > SharedFrom)
        {
            Parallel.ForEach(terms, term => batch.Values(term));
        }

        foreach (var term in terms)
        {
            if (parts.Length == 0)
            {
                raw = batch.Values(term);
            }
            else
            {
                term.Measure(batch, raw, parts);
            }

            for (var sample = 0; sample < scores.Length; sample++)
            {
                var value = term.Record.Standardised(raw[sample]);
                scores[sample] += value;
                if (parts.Length > 0)
                {
                    Share(parts.AsSpan(sample * length, length), raw[sample], value, contributions.Slice(sample * length, length));
                }
            }
        }

        AddUnseen(terms, batch, scores, contributions);
        return scores;
    }

    // No distance tells how strange it is that what never changed has changed: every term counts it as what no normal sample has.
    private static void AddUnseen(IReadOnlyList<ScoreTerm> terms, ScoringBatch batch, double[] scores, Span<double> contributions)
    {
        foreach (var place in batch.Unseen)
        {
            var value = terms.Sum(term => term.Record.Unseen(batch.Basis.References.Length / batch.Basis.SampleLength));
            scores[place / batch.Basis.SampleLength] += value;
            if (!contributions.IsEmpty)
            {
                contributions[place] += value;
            }
        }
    }

    /// <summary>What a normal sample would have looked like in place of each, by the first term that can tell.</summary>
    /// <param name="batch">The samples.</param>
    /// <returns>[sample, value] in model-input units; null when none can.</returns>
    public float[]? Expected(ScoringBatch batch)
    {
        var expected = new float[batch.Samples.Length];
        var range = batch.Basis.Preprocessing.SampleShape.Count == 1 && batch.Basis.References.Length > 0 ? batch.Basis.Range(Compared) : null;
        var asked = range?.Within(batch.Samples) is { } within && within != batch.Samples ? new ScoringBatch(batch.Basis, within) : batch;
        if (!Terms.Any(term => term.Expect(asked, expected)))
        {
            return null;
        }

        range?.Clamp(expected);

        for (var place = 0; place < expected.Length && batch.Basis.Constants.Contains(true); place++)
        {
            expected[place] = batch.Basis.Constants[place % batch.Basis.SampleLength] ? 0 : expected[place]; // what it always was
        }

        return expected;
    }

    // Where training samples may be anomalies, those that are taken for normal.
    private double Compared => Terms.Select(term => term.Record).OfType<NeighbourRecord>().Select(record => record.Share).DefaultIfEmpty(1).Min();

    // A term's standardised value is split as its raw value is.
    private static void Share(ReadOnlySpan<double> parts, double raw, double value, Span<double> contributions)
    {
        for (var place = 0; place < parts.Length; place++)
        {
            contributions[place] += raw == 0 ? value / parts.Length : parts[place] / raw * value;
        }
    }
}
