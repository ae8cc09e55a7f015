using Hourglass.Detection.Calibration;
using Hourglass.Detection.Terms;
using Hourglass.Preprocessing;

namespace Hourglass.Detection;

/// <summary>From trained members and normal samples to a detector; plain arithmetic, no labels.</summary>
public static class DetectorFit
{
    private const int MostFolds = 4;

    /// <summary>Fits rules.</summary>
    /// <param name="basis">Members and references; the references are what terms learn from.</param>
    /// <param name="heldOut">Normal samples that neither members nor references contain, [sample, value]; units and held-out scores come from them.</param>
    /// <param name="rules">What to fit; the first one scores.</param>
    public static Detector Fit(DetectorBasis basis, float[] heldOut, IReadOnlyList<RuleRecord> rules)
    {
        var batch = new ScoringBatch(basis, heldOut);
        var fitted = new Dictionary<TermRecord, FittedTerm>(); // terms that several rules share are fitted and measured once
        return new Detector(basis, [.. rules.Select(rule => Fit(rule, batch, fitted))], rules[0].Name);
    }

    private static ScoreRule Fit(RuleRecord rule, ScoringBatch heldOut, Dictionary<TermRecord, FittedTerm> fitted)
    {
        var scores = new double[heldOut.Count];
        var suiting = rule.Terms.Where(record => record.Suits(heldOut.Basis)).ToList();
        foreach (var record in suiting)
        {
            if (!fitted.TryGetValue(record, out var term))
            {
                fitted.Add(record, term = Fit(record, heldOut));
            }

            System.Numerics.Tensors.TensorPrimitives.Add(scores, term.HeldOut, scores);
        }

        return new ScoreRule(rule.Name, [.. suiting.Select(record => fitted[record].Term)], ScoreDistribution.Of(scores));
    }

    private static FittedTerm Fit(TermRecord record, ScoringBatch heldOut)
    {
        var term = record.Fit(heldOut.Basis, heldOut);
        var (values, scores) = (Measure(term, heldOut), new double[heldOut.Count]);
        foreach (var fold in Folds(heldOut))
        {
            Score(record, values, heldOut, fold, scores);
        }

        return new FittedTerm(term.With(term.Record.InUnitsOf([.. values.Order()])), scores);
    }

    // A held-out sample that had a say in its own units would score lower than a fresh one, and the promised rate of false alarms would not hold:
    // each part is scored in units learnt from the others. Vovk 2015, Cross-conformal predictors, https://arxiv.org/abs/1208.0806.
    private static void Score(TermRecord record, double[] values, ScoringBatch heldOut, Fold fold, double[] scores)
    {
        var (inside, outside) = (Pick(values, fold.Inside), Pick(values, fold.Outside));
        if (record.LearnsFromHeldOut)
        {
            var others = heldOut.Part(fold.Outside);
            var term = record.Fit(heldOut.Basis, others);
            (inside, outside) = (Measure(term, heldOut.Part(fold.Inside)), Measure(term, others));
        }

        Array.Sort(outside);
        var scaled = record.InUnitsOf(outside);
        for (var place = 0; place < inside.Length; place++)
        {
            scores[fold.Inside[place]] = scaled.Standardised(inside[place]);
        }
    }

    // Tables: every fourth sample. Series: quarters of the time, since neighbouring windows share rows. One sample alone has no others.
    private static List<Fold> Folds(ScoringBatch heldOut)
    {
        var (count, all) = (Math.Min(MostFolds, heldOut.Count), Enumerable.Range(0, heldOut.Count).ToArray());
        return count < 2 ? [new Fold(all, all)]
            : [.. Enumerable.Range(0, count).Select(number => new Fold([.. all.Where(sample => Number(sample) == number)], [.. all.Where(sample => Number(sample) != number)]))];

        int Number(int sample) => heldOut.Basis.Preprocessing is SeriesPreprocessing ? (int)((long)sample * count / heldOut.Count) : sample % count;
    }

    private static double[] Measure(ScoreTerm term, ScoringBatch batch)
    {
        var values = new double[batch.Count];
        term.Measure(batch, values, []);
        return values;
    }

    private static double[] Pick(double[] values, int[] places) => Array.ConvertAll(places, place => values[place]);

    // What its held-out samples score, each in units that it had no say in.
    private sealed record FittedTerm(ScoreTerm Term, double[] HeldOut);

    private sealed record Fold(int[] Inside, int[] Outside);
}
