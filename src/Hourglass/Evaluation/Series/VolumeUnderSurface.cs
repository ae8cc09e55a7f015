namespace Hourglass.Evaluation.Series;

/// <summary>Area under the receiver operating characteristic and average precision of a series whose labels fade out at their ends, averaged over widths of that fading.</summary>
/// <remarks>Paparrizos, Boniol, Palpanas, Tsay, Elmore and Franklin 2022, "Volume Under the Surface", as TSB-AD (Liu and Paparrizos 2024) computes it: widths 0 to a maximum, a fixed number of
/// thresholds at equally spaced ranks, the true positive rate multiplied by the share of runs that are hit. No threshold is chosen and an alarm a few steps beside its label still counts.</remarks>
/// <param name="Roc">VUS-ROC.</param>
/// <param name="PrecisionRecall">VUS-PR.</param>
public readonly record struct VolumeUnderSurface(double Roc, double PrecisionRecall)
{
    /// <summary>The width that TSB-AD's measure takes unless told otherwise, in steps.</summary>
    public const int UsualWidth = 100;

    private const int Thresholds = 250;

    /// <summary>Measures scores.</summary>
    /// <param name="scores">Higher is more anomalous, one for each step; no NaN.</param>
    /// <param name="anomalous">Which steps are anomalies; at least one.</param>
    /// <param name="width">Largest width of the fading in steps, half of it at each end; the period of the series, where it has one.</param>
    /// <exception cref="HourglassException">The lengths differ, a score is NaN, no step is an anomaly, or the width is negative.</exception>
    public static VolumeUnderSurface Of(ReadOnlySpan<double> scores, ReadOnlySpan<bool> anomalous, int width = UsualWidth)
    {
        LabelledScores.Require(scores, anomalous);
        if (width < 0)
        {
            throw new HourglassException($"The width must be 0 or more steps, got {width}.");
        }

        var (level, alarms) = Levels(scores);
        var runs = StepRange.Of(anomalous);
        double roc = 0, precisionRecall = 0;
        for (var fade = 0; fade <= width; fade++)
        {
            var (area, average) = Areas(new Surface(runs, level, alarms, Faded(anomalous, runs, fade), fade / 2));
            roc += area;
            precisionRecall += average;
        }

        return new VolumeUnderSurface(roc / (width + 1), precisionRecall / (width + 1));
    }

    // For each step the number of the first threshold, from the highest, that it reaches; and the number of alarms at each threshold.
    private static (int[] Level, double[] Alarms) Levels(ReadOnlySpan<double> scores)
    {
        var sorted = scores.ToArray();
        Array.Sort(sorted);
        Array.Reverse(sorted);
        var thresholds = new double[Thresholds];
        for (var number = 0; number < Thresholds; number++)
        {
            thresholds[number] = sorted[(int)(number * (sorted.Length - 1.0) / (Thresholds - 1))];
        }

        var level = new int[scores.Length];
        var alarms = new double[Thresholds];
        for (var step = 0; step < level.Length; step++)
        {
            var (low, high) = (0, Thresholds - 1);
            while (low < high)
            {
                var middle = (low + high) / 2;
                (low, high) = scores[step] >= thresholds[middle] ? (low, middle) : (middle + 1, high);
            }

            level[step] = low;
            alarms[low]++;
        }

        Accumulate(alarms);
        return (level, alarms);
    }

    private static double[] Faded(ReadOnlySpan<bool> anomalous, IReadOnlyList<StepRange> runs, int fade)
    {
        var label = new double[anomalous.Length];
        foreach (var run in runs)
        {
            label.AsSpan(run.First, run.Length).Fill(1);
            for (var distance = 1; distance <= fade / 2; distance++)
            {
                var value = Math.Sqrt(1 - ((double)distance / fade));
                foreach (var step in (ReadOnlySpan<int>)[run.First - distance, run.Last + distance])
                {
                    if (step >= 0 && step < label.Length)
                    {
                        label[step] = Math.Min(1, label[step] + value);
                    }
                }
            }
        }

        return label;
    }

    private static (double Roc, double PrecisionRecall) Areas(Surface surface)
    {
        var (hits, extension) = surface.Sums();
        var found = surface.RunsFound(out var segments);
        double truth = surface.Runs.Sum(run => run.Length), area = 0, average = 0, lastTrue = 0, lastFalse = 0;
        for (var number = 0; number < Thresholds; number++)
        {
            var positives = truth + (extension[number] / 2); // half-way between the labels as they are and as they are hit
            var truePositive = Math.Min(hits[number] / positives, 1) * found[number] / segments;
            var falsePositive = (surface.Alarms[number] - hits[number]) / (surface.Label.Length - positives);
            area += (falsePositive - lastFalse) * (truePositive + lastTrue) / 2;
            average += (truePositive - lastTrue) * hits[number] / surface.Alarms[number];
            (lastTrue, lastFalse) = (truePositive, falsePositive);
        }

        return (area + ((1 - lastFalse) * (1 + lastTrue) / 2), average);
    }

    private static void Accumulate(Span<double> values)
    {
        for (var place = 1; place < values.Length; place++)
        {
            values[place] += values[place - 1];
        }
    }

    /// <summary>Labels faded by one width.</summary>
    private sealed record Surface(IReadOnlyList<StepRange> Runs, int[] Level, double[] Alarms, double[] Label, int Reach)
    {
        // At each threshold: labels under an alarm, and the part of them outside the true runs.
        public (double[] Hits, double[] Extension) Sums()
        {
            var (hits, extension) = (new double[Thresholds], new double[Thresholds]);
            for (var step = 0; step < Label.Length; step++)
            {
                hits[Level[step]] += Label[step];
                extension[Level[step]] += Label[step];
            }

            foreach (var run in Runs)
            {
                for (var step = run.First; step <= run.Last; step++)
                {
                    extension[Level[step]]--;
                }
            }

            Accumulate(hits);
            Accumulate(extension);
            return (hits, extension);
        }

        // At each threshold: how many runs, widened and merged where they then touch, hold an alarm.
        public double[] RunsFound(out int segments)
        {
            var found = new double[Thresholds];
            segments = 0;
            for (var number = 0; number < Runs.Count;)
            {
                var first = Math.Max(0, Runs[number].First - Reach);
                while (number + 1 < Runs.Count && Runs[number].Last + Reach >= Runs[number + 1].First - Reach)
                {
                    number++;
                }

                var last = Math.Min(Label.Length - 1, Runs[number].Last + Reach);
                found[Level.AsSpan(first, last - first + 1).ToArray().Min()]++;
                segments++;
                number++;
            }

            Accumulate(found);
            return found;
        }
    }
}
