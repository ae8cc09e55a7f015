using Hourglass.Detection.Calibration;
using Hourglass.Detection.Terms;

namespace Hourglass.Detection;

/// <summary>From trained members and normal samples to a detector; plain arithmetic, no labels.</summary>
public static class DetectorFit
{
    /// <summary>Fits rules.</summary>
    /// <param name="basis">Members and references; the references are what terms learn from.</param>
    /// <param name="heldOut">Normal samples that neither members nor references contain, [sample, value]; units and held-out scores come from them.</param>
    /// <param name="rules">What to fit; the first one scores.</param>
    public static Detector Fit(DetectorBasis basis, float[] heldOut, IReadOnlyList<RuleRecord> rules)
    {
        var batch = new ScoringBatch(basis, heldOut);
        return new Detector(basis, [.. rules.Select(rule => Fit(rule, basis, batch))], rules[0].Name);
    }

    private static ScoreRule Fit(RuleRecord rule, DetectorBasis basis, ScoringBatch heldOut)
    {
        var terms = rule.Terms.Select(record => Scaled(record.Fit(basis, heldOut), heldOut)).ToList();
        return new ScoreRule(rule.Name, terms, ScoreDistribution.Of(ScoreRule.Score(terms, heldOut, [])));
    }

    private static ScoreTerm Scaled(ScoreTerm term, ScoringBatch heldOut)
    {
        var values = new double[heldOut.Count];
        term.Measure(heldOut, values, []);
        Array.Sort(values);
        var median = values.Length == 0 ? 1 : values[values.Length / 2];
        return term.With(term.Record with { Unit = median > 0 ? median : Math.Max(values.Length == 0 ? 1 : values.Average(), 1e-12) });
    }
}
