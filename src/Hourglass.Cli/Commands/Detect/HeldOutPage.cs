using System.Globalization;
using Hourglass.Data;
using Hourglass.Reporting;
using Hourglass.Tasks.AnomalyDetection;

namespace Hourglass.Cli.Commands.Detect;

/// <summary>A page about a new detector: without labels, it shows how its rules agree on the held-out samples, and which of these look strangest.</summary>
internal static class HeldOutPage
{
    private const int Highest = 10;
    private const int Most = 10_000; // held-out samples that every rule scores

    /// <summary>Scores held-out samples by every rule.</summary>
    /// <param name="detector">The detector.</param>
    /// <param name="data">What it was learnt from, split.</param>
    public static DetectorReportContents Of(AnomalyDetector detector, PreparedData data)
    {
        var heldOut = data.Split.Validation;
        var taken = heldOut.Length <= Most ? heldOut : [.. Enumerable.Range(0, Most).Select(place => heldOut[(long)place * heldOut.Length / Most])];
        var samples = new float[taken.Length * data.Samples.SampleLength];
        data.Samples.Gather(taken, samples);
        var own = detector.Detector.Score(samples);
        var order = Descending(own);
        var rows = detector.Detector.Rules.Select(rule => Row(detector, rule.Name, rule.Name == detector.Detector.Rule.Name ? own : detector.Detector.Use(rule.Name).Score(samples), order));
        var threshold = detector.Detector.Calibration.Threshold();
        return new DetectorReportContents(
            $"What is normal in {Path.GetFileName(data.Description.Source)}",
            $"Learnt from {data.Split.Training.Length} samples; {heldOut.Length} were held out and are shown here. {threshold.Sentence}",
            [], [],
            [
                new("Rules on the held-out samples", ["rule", "threshold", "median", "highest 1 %", $"of the {Math.Min(Highest, taken.Length)} highest", "rank correlation"], [.. rows], $"Every rule in units of its own. The fifth column counts how many of the strangest samples by \"{detector.Detector.Rule.Name}\" are among the rule's strangest, the last compares the order of all. Labels tell which rule is better: detect evaluate."),
            ],
            HighestSamples.Explain(detector, data, [.. order.Take(Highest).Select(place => (int)taken[place])]));
    }

    private static string[] Row(AnomalyDetector detector, string rule, double[] scores, int[] order)
    {
        var (sorted, theirs) = (scores.Order().ToArray(), Descending(scores));
        var common = order.Take(Highest).Intersect(theirs.Take(Highest)).Count();
        return
        [
            rule, detector.Detector.Use(rule).Calibration.Threshold().Value is { } value ? Number(value) : "", Number(sorted[sorted.Length / 2]), Number(sorted[(int)(0.99 * (sorted.Length - 1))]),
            common.ToString(CultureInfo.InvariantCulture), RankCorrelation(order, theirs).ToString("0.00", CultureInfo.InvariantCulture),
        ];
    }

    private static string Number(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);

    private static int[] Descending(double[] scores) => [.. Enumerable.Range(0, scores.Length).OrderByDescending(place => scores[place])];

    // Spearman's, from two orders of the same samples.
    private static double RankCorrelation(int[] first, int[] second)
    {
        if (first.Length < 2)
        {
            return 1;
        }

        var (ranks, squares) = (new int[first.Length], 0.0);
        for (var rank = 0; rank < first.Length; rank++)
        {
            ranks[first[rank]] = rank;
        }

        for (var rank = 0; rank < second.Length; rank++)
        {
            squares += Math.Pow(ranks[second[rank]] - rank, 2);
        }

        return 1 - (6 * squares / ((double)first.Length * (((double)first.Length * first.Length) - 1)));
    }
}
