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
        var fitted = new Dictionary<TermRecord, ScoreTerm>(); // terms that several rules share are fitted and measured once
        return new Detector(basis, [.. rules.Select(rule => Fit(rule, basis, batch, fitted))], rules[0].Name);
    }

    private static ScoreRule Fit(RuleRecord rule, DetectorBasis basis, ScoringBatch heldOut, Dictionary<TermRecord, ScoreTerm> fitted)
    {
        foreach (var record in rule.Terms.Where(record => !fitted.ContainsKey(record)))
        {
            fitted.Add(record, Scaled(record.Fit(basis, heldOut), heldOut));
        }

        var terms = rule.Terms.Select(record => fitted[record]).ToList();
        return new ScoreRule(rule.Name, terms, ScoreDistribution.Of(ScoreRule.Score(terms, heldOut, [])));
    }

    private static ScoreTerm Scaled(ScoreTerm term, ScoringBatch heldOut)
    {
        var values = new double[heldOut.Count];
        term.Measure(heldOut, values, []);
        Array.Sort(values);
        return term.With(term.Record.InUnitsOf(values));
    }
}
