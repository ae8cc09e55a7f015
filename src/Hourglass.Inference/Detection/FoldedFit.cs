using Hourglass.Detection.Terms;

namespace Hourglass.Detection;

/// <summary>Samples that a basis did not learn from, with that basis.</summary>
/// <param name="Basis">Learnt from all other folds.</param>
/// <param name="HeldOut">[sample, value] row-major, in the basis's model-input units.</param>
public sealed record HeldOutFold(DetectorBasis Basis, float[] HeldOut);

/// <summary>Units and held-out scores across folds: each sample is measured by what learnt from the other folds, and counted in units that its own fold had no say in.</summary>
/// <remarks>Cross-conformal calibration with one more training on all samples: docs/decisions/0009-thresholds-across-folds.md.</remarks>
internal sealed class FoldedFit
{
    private const int LeastFolds = 3; // one is measured in units of a second, which are learnt from the rest
    private readonly DetectorBasis _basis;
    private readonly IReadOnlyList<ScoringBatch> _heldOut;
    private readonly Dictionary<(TermRecord Record, int Fold), double[]> _values = []; // of terms that learn nothing from held-out samples

    public FoldedFit(DetectorBasis basis, IReadOnlyList<HeldOutFold> folds)
    {
        if (folds.Count < LeastFolds || folds.Any(fold => fold.HeldOut.Length == 0))
        {
            throw new HourglassException($"Thresholds across folds need {LeastFolds} folds or more with a sample in each, got {folds.Count} with {string.Join(", ", folds.Select(fold => fold.HeldOut.Length / fold.Basis.SampleLength))} samples. Give fewer folds or more samples.");
        }

        (_basis, _heldOut) = (basis, [.. folds.Select(fold => new ScoringBatch(fold.Basis, fold.HeldOut))]);
    }

    /// <summary>Fits a term to the basis, and scores every sample out of its fold.</summary>
    public FittedTerm Fit(TermRecord record)
    {
        var term = record.Fit(_basis, _heldOut);
        var scores = _heldOut.SelectMany((_, fold) => Values(record, fold, fold).Select(term.Record.InUnitsOf(Sorted(record, fold)).Standardised));
        return new FittedTerm(term.With(term.Record.InUnitsOf(Sorted(record, null))), [.. scores]);
    }

    /// <summary>A term as a fold's samples are scored by it: learnt without them, in units that they had no say in.</summary>
    public ScoreTerm OutOf(int fold, TermRecord record)
    {
        var term = record.Fit(_heldOut[fold].Basis, record.LearnsFromHeldOut ? [.. _heldOut.Where((_, other) => other != fold)] : []);
        return term.With(term.Record.InUnitsOf(Sorted(record, fold)));
    }

    // What the samples of all folds but one measure.
    private double[] Sorted(TermRecord record, int? without)
    {
        double[] values = [.. _heldOut.SelectMany((_, fold) => fold == without ? [] : Values(record, fold, without ?? fold))];
        Array.Sort(values);
        return values;
    }

    // A fold's samples, by a term that learnt neither from them nor from another fold's.
    private double[] Values(TermRecord record, int fold, int without)
    {
        if (record.LearnsFromHeldOut)
        {
            return DetectorFit.Measure(record.Fit(_heldOut[fold].Basis, [.. _heldOut.Where((_, other) => other != fold && other != without)]), _heldOut[fold]);
        }

        if (!_values.TryGetValue((record, fold), out var values))
        {
            _values[(record, fold)] = values = DetectorFit.Measure(record.Fit(_heldOut[fold].Basis, []), _heldOut[fold]);
        }

        return values;
    }
}
