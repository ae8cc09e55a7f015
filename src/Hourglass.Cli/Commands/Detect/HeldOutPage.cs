using System.Globalization;
using Hourglass.Data;
using Hourglass.Detection;
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
    /// <param name="parts">What was held out from it; of folds each.</param>
    public static DetectorReportContents Of(Detector detector, IReadOnlyList<HeldOutPart> parts)
    {
        var taken = parts.Select(part => Taken(part.Data.Split.Validation, Most / parts.Count)).ToList();
        var blocks = parts.Zip(taken, (part, samples) => Values(part.Data, samples)).ToList();
        var own = Scores(detector.Rule.Name);
        var order = Descending(own);
        var rows = detector.Rules.Select(rule => Row(detector, rule.Name, rule.Name == detector.Rule.Name ? own : Scores(rule.Name), order));
        var shown = parts.SelectMany((part, place) => taken[place].Select(sample => new FoundSample(part.Detector, part.Data, (int)sample))).ToList();
        return new DetectorReportContents(
            $"What is normal in {Path.GetFileName(parts[0].Data.Description.Source)}",
            $"{Origin(parts)} {detector.Calibration.Threshold().Sentence}",
            [], [],
            [
                new("Rules on the held-out samples", ["rule", "threshold", "median", "highest 1 %", $"of the {Math.Min(Highest, own.Length)} highest", "rank correlation"], [.. rows], $"Every rule in units of its own. The fifth column counts how many of the strangest samples by \"{detector.Rule.Name}\" are among the rule's strangest, the last compares the order of all. Labels tell which rule is better: detect evaluate."),
            ],
            HighestSamples.Explain([.. order.Take(Highest).Select(place => shown[place])]));

        double[] Scores(string rule) => [.. parts.Zip(blocks).SelectMany(pair => pair.First.Detector.Use(rule).Score(pair.Second))];
    }

    private static string Origin(IReadOnlyList<HeldOutPart> parts) => parts is [var only]
        ? $"Learnt from {only.Data.Split.Training.Length} samples; {only.Data.Split.Validation.Length} were held out and are shown here."
        : $"Learnt from {parts.Sum(part => part.Data.Split.Validation.Length)} samples. Each is shown here as it is scored by what was learnt without its fold ({parts.Count} folds).";

    private static long[] Taken(long[] heldOut, int most) => heldOut.Length <= most ? heldOut : [.. Enumerable.Range(0, most).Select(place => heldOut[(long)place * heldOut.Length / most])];

    private static float[] Values(PreparedData data, long[] samples)
    {
        var values = new float[samples.Length * data.Samples.SampleLength];
        data.Samples.Gather(samples, values);
        return values;
    }

    private static string[] Row(Detector detector, string rule, double[] scores, int[] order)
    {
        var (sorted, theirs) = (scores.Order().ToArray(), Descending(scores));
        var common = order.Take(Highest).Intersect(theirs.Take(Highest)).Count();
        return
        [
            rule, detector.Use(rule).Calibration.Threshold().Value is { } value ? Number(value) : "", Number(sorted[sorted.Length / 2]), Number(sorted[(int)(0.99 * (sorted.Length - 1))]),
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
