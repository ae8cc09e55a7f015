using Hourglass.Detection.Calibration;
using Hourglass.Detection.Terms;
using Hourglass.Preprocessing;

namespace Hourglass.Detection;

/// <summary>From trained members and normal samples to a detector; plain arithmetic, no labels.</summary>
public static class DetectorFit
{
    private const int MostFolds = 4;
    private const int RoomForUnits = 13_332; // held-out samples of which three quarters, 9,999, still make 1/1000 the default

    /// <summary>Fits rules.</summary>
    /// <param name="basis">Members and references; the references are what terms learn from.</param>
    /// <param name="heldOut">Normal samples that neither members nor references contain, [sample, value]; units and held-out scores come from them.</param>
    /// <param name="rules">What to fit; the first one scores.</param>
    public static Detector Fit(DetectorBasis basis, float[] heldOut, IReadOnlyList<RuleRecord> rules)
        => new(basis, Fit(rules, basis, FitOf(new ScoringBatch(basis, heldOut))), rules[0].Name);

    /// <summary>Fits rules to what was learnt from all samples; units and held-out scores come from bases that each learnt from all but a fold.</summary>
    /// <param name="basis">Members and references that contain all samples.</param>
    /// <param name="folds">Three or more, together all samples; their bases are asked and not kept.</param>
    /// <param name="rules">What to fit; the first one scores.</param>
    /// <exception cref="HourglassException">There are fewer than three, or one holds no sample.</exception>
    public static Detector Fit(DetectorBasis basis, IReadOnlyList<HeldOutFold> folds, IReadOnlyList<RuleRecord> rules) =>
        new(basis, Fit(rules, basis, new FoldedFit(basis, folds).Fit), rules[0].Name, folds: folds.Count);

    /// <summary>What scored each fold's samples for the thresholds of <see cref="Fit(DetectorBasis, IReadOnlyList{HeldOutFold}, IReadOnlyList{RuleRecord})"/>.</summary>
    /// <param name="detector">What was fitted.</param>
    /// <param name="folds">What it was fitted from; each detector asks its fold's basis, which the caller keeps.</param>
    /// <param name="rules">What was fitted.</param>
    public static IReadOnlyList<Detector> OutOfFold(Detector detector, IReadOnlyList<HeldOutFold> folds, IReadOnlyList<RuleRecord> rules)
    {
        var fit = new FoldedFit(detector.Basis, folds);
        return [.. folds.Select((fold, place) => new Detector(fold.Basis, [.. rules.Zip(detector.Rules, (rule, fitted) => new ScoreRule(rule.Name, Terms(rule, fold.Basis, record => fit.OutOf(place, record)), fitted.HeldOut))], detector.Rule.Name, detector.Calibration.Rule, folds.Count))];
    }

    private static List<TTerm> Terms<TTerm>(RuleRecord rule, DetectorBasis basis, Func<TermRecord, TTerm> fit) => [.. rule.Terms.Where(record => record.Suits(basis)).Select(record => fit(record.For(basis)))];

    private static IReadOnlyList<ScoreRule> Fit(IReadOnlyList<RuleRecord> rules, DetectorBasis basis, Func<TermRecord, FittedTerm> fit)
    {
        var fitted = new Dictionary<TermRecord, FittedTerm>(); // terms that several rules share are fitted and measured once
        return [.. rules.Select(rule => Fit(rule, basis, record => fitted.TryGetValue(record, out var term) ? term : fitted[record] = fit(record)))];
    }

    private static ScoreRule Fit(RuleRecord rule, DetectorBasis basis, Func<TermRecord, FittedTerm> fit)
    {
        var terms = Terms(rule, basis, fit);
        var scores = (double[])terms[0].HeldOut.Clone();
        foreach (var term in terms.Skip(1))
        {
            System.Numerics.Tensors.TensorPrimitives.Add(scores, term.HeldOut, scores);
        }

        return new ScoreRule(rule.Name, [.. terms.Select(term => term.Term)], ScoreDistribution.Of(scores));
    }

    // Where samples are many, each fourth serves units alone: the others are scored as fresh ones are, to the bit, equal rows included.
    // In a series a quarter of the time would be lost, and windows depend on each other anyway.
    private static Func<TermRecord, FittedTerm> FitOf(ScoringBatch heldOut)
    {
        if (heldOut.Count < RoomForUnits || heldOut.Basis.Preprocessing is SeriesPreprocessing)
        {
            return record => FitByFolds(record, heldOut);
        }

        var fold = Folds(heldOut)[0];
        var (units, others) = (heldOut.Part(fold.Inside), heldOut.Part(fold.Outside));
        return record =>
        {
            var term = record.Fit(heldOut.Basis, [units]);
            term = term.With(term.Record.InUnitsOf([.. Measure(term, units).Order()]));
            return new FittedTerm(term, [.. Measure(term, others).Select(term.Record.Standardised)]);
        };
    }

    private static FittedTerm FitByFolds(TermRecord record, ScoringBatch heldOut)
    {
        var term = record.Fit(heldOut.Basis, [heldOut]);
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
            var term = record.Fit(heldOut.Basis, [others]);
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

    internal static double[] Measure(ScoreTerm term, ScoringBatch batch)
    {
        var values = new double[batch.Count];
        term.Measure(batch, values, []);
        return values;
    }

    private static double[] Pick(double[] values, int[] places) => Array.ConvertAll(places, place => values[place]);

    private sealed record Fold(int[] Inside, int[] Outside);
}

/// <summary>A term with what its held-out samples score, each in units that it had no say in.</summary>
internal sealed record FittedTerm(ScoreTerm Term, double[] HeldOut);
