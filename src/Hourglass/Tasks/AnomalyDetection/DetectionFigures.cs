using Hourglass.Detection;
using Hourglass.Detection.Calibration;
using Hourglass.Evaluation;
using Hourglass.Preprocessing;

namespace Hourglass.Tasks.AnomalyDetection;

/// <summary>A detector measured where labels exist, its rivals beside it.</summary>
/// <param name="Rule">The rule in force.</param>
/// <param name="Samples">Samples measured.</param>
/// <param name="Anomalies">How many of them are anomalies.</param>
/// <param name="Figures">The rule's figures.</param>
/// <param name="Promise">What the threshold promises, in words.</param>
/// <param name="Kinds">Detection by kind of anomaly, most samples first.</param>
/// <param name="Rivals">Every other rule of the detector.</param>
/// <param name="Verdict">The name of the rule with the highest AUROC.</param>
/// <param name="Drift">Whether the samples that are normal score as the held-out ones did.</param>
public sealed record DetectionFigures(
    string Rule, int Samples, int Anomalies, RuleFigures Figures, string Promise, IReadOnlyList<KindFigures> Kinds, IReadOnlyDictionary<string, RuleFigures> Rivals, string Verdict, DriftTest Drift)
{
    /// <summary>Measures all rules in one pass over the samples.</summary>
    /// <param name="detector">The detector.</param>
    /// <param name="blocks">Blocks of samples, [sample, value] row-major, in model-input units.</param>
    /// <param name="kinds">Each sample's kind of anomaly; null for normal ones.</param>
    internal static DetectionFigures Of(Detector detector, IEnumerable<float[]> blocks, string?[] kinds)
    {
        var scores = detector.RuleNames.ToDictionary(name => name, _ => new List<double>(kinds.Length), StringComparer.Ordinal);
        foreach (var block in blocks)
        {
            var batch = new ScoringBatch(detector.Basis, block);
            foreach (var rule in detector.Rules)
            {
                scores[rule.Name].AddRange(rule.Score(batch, []));
            }
        }

        var anomalous = kinds.Select(kind => kind is not null).ToArray();
        var figures = detector.Rules.ToDictionary(rule => rule.Name, rule => RuleFigures.Of([.. scores[rule.Name]], anomalous, detector.Use(rule.Name).Calibration.Threshold()), StringComparer.Ordinal);
        var threshold = detector.Calibration.Threshold();
        return new DetectionFigures(
            detector.Rule.Name, kinds.Length, anomalous.Count(isAnomaly => isAnomaly), figures[detector.Rule.Name], threshold.Sentence,
            KindFigures.Of([.. scores[detector.Rule.Name]], kinds, threshold), figures.Where(pair => pair.Key != detector.Rule.Name).ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal),
            figures.MaxBy(pair => pair.Value.Auroc).Key, DriftOf(detector, scores[detector.Rule.Name], anomalous));
    }

    // A labelled file is one batch, and often stands in an order of its own, one kind after another, which the test would take for drift. Windows of a series stay in theirs, of which the test picks those that share no row.
    private static DriftTest DriftOf(Detector detector, List<double> scores, bool[] anomalous)
    {
        var drift = detector.Drift(onlyNormal: true);
        double[] normal = [.. scores.Where((_, sample) => !anomalous[sample])];
        if (detector.Basis.Preprocessing is not SeriesPreprocessing)
        {
            new Random(1).Shuffle(normal);
        }

        Array.ForEach(normal, drift.Add);
        return drift;
    }
}

/// <summary>One rule's figures.</summary>
/// <param name="Auroc">Area under the receiver operating characteristic, 0 to 1.</param>
/// <param name="AveragePrecision">Area under precision over recall, 0 to 1.</param>
/// <param name="PrecisionAtN">Share of anomalies among as many highest scores as there are anomalies.</param>
/// <param name="Threshold">The lowest score without an alarm above it; null where too few samples were held out for the rate asked.</param>
/// <param name="FalseAlarmRate">Share of normal samples with an alarm; null without a threshold, as the rest.</param>
/// <param name="Recall">Share of anomalies with an alarm.</param>
/// <param name="Precision">Share of alarms that are anomalies.</param>
/// <param name="F1">Harmonic mean of precision and recall.</param>
/// <param name="BestF1">The highest F1 over all thresholds: what a threshold chosen by labels would reach.</param>
public sealed record RuleFigures(
    double Auroc, double AveragePrecision, double PrecisionAtN, double? Threshold, double? FalseAlarmRate, double? Recall, double? Precision, double? F1, double BestF1)
{
    internal static RuleFigures Of(double[] scores, bool[] anomalous, ScoreThreshold threshold)
    {
        // An alarm is a score above the threshold; the figures count scores at or above theirs.
        PointFigures? at = threshold.Value is { } value ? PointFigures.At(scores, anomalous, Math.BitIncrement(value)) : null;
        return new RuleFigures(
            Ranking.Auroc(scores, anomalous), Ranking.AveragePrecision(scores, anomalous), Ranking.PrecisionAt(scores, anomalous), threshold.Value, at?.FalseAlarmRate, at?.Recall, at?.Precision, at?.F1, BestOf(scores, anomalous));
    }

    private static double BestOf(double[] scores, bool[] anomalous)
    {
        var order = Enumerable.Range(0, scores.Length).OrderByDescending(sample => scores[sample]).ToArray();
        var (anomalies, hits, best) = (anomalous.Count(isAnomaly => isAnomaly), 0, 0.0);
        for (var place = 0; place < order.Length; place++)
        {
            hits += anomalous[order[place]] ? 1 : 0;
            if (place + 1 == order.Length || scores[order[place + 1]] < scores[order[place]])
            {
                best = Math.Max(best, 2.0 * hits / (anomalies + place + 1));
            }
        }

        return best;
    }
}

/// <summary>How well one kind of anomaly is told from normal samples.</summary>
/// <param name="Kind">Its label.</param>
/// <param name="Samples">How many.</param>
/// <param name="Auroc">Against all normal samples.</param>
/// <param name="Recall">Share with an alarm; null without a threshold.</param>
public sealed record KindFigures(string Kind, int Samples, double Auroc, double? Recall)
{
    internal static IReadOnlyList<KindFigures> Of(double[] scores, string?[] kinds, ScoreThreshold threshold) =>
        [.. kinds.OfType<string>().CountBy(kind => kind, StringComparer.Ordinal).OrderByDescending(kind => kind.Value).ThenBy(kind => kind.Key, StringComparer.Ordinal).Select(kind =>
        {
            var chosen = Enumerable.Range(0, kinds.Length).Where(sample => kinds[sample] is null || kinds[sample] == kind.Key).ToArray();
            double[] own = [.. chosen.Select(sample => scores[sample])];
            bool[] labels = [.. chosen.Select(sample => kinds[sample] is not null)];
            return new KindFigures(kind.Key, kind.Value, Ranking.Auroc(own, labels), threshold.Value is { } value ? PointFigures.At(own, labels, Math.BitIncrement(value)).Recall : null);
        })];
}
