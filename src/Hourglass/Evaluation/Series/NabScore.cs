namespace Hourglass.Evaluation.Series;

/// <summary>The score of the Numenta Anomaly Benchmark for one detector over a corpus of series.</summary>
/// <remarks>Lavin and Ahmad 2015, "Evaluating Real-time Anomaly Detection Algorithms", and the rules as the benchmark applies them: each window counts once, by its earliest alarm and the earlier
/// the better, along a sigmoid; an alarm outside costs by its distance behind the last window, at most the full price from three window lengths on or before the first; the first 15 % of a series (at most 750 steps)
/// count nothing; one threshold for the whole corpus, the best one; 0 for a detector that never speaks, 100 for one that finds every window at its first step and nothing else.</remarks>
/// <param name="Value">The normalised score; at most 100, 0 for silence.</param>
/// <param name="Threshold">The lowest score that raises an alarm; positive infinity where silence is best.</param>
public sealed record NabScore(double Value, double Threshold)
{
    private const double ProbationShare = 0.15;
    private const int ProbationRows = 5000;
    private const double Steepness = 5;
    private const double FarBehind = 3; // window lengths

    /// <summary>Steps at the start of a series whose scores are not judged.</summary>
    /// <param name="steps">Steps in the series.</param>
    public static int Probation(int steps) => (int)Math.Floor(ProbationShare * Math.Min(steps, ProbationRows));

    /// <summary>Value of an alarm at a place relative to a window: -1 its first step, 0 just behind its last, 1 one length behind.</summary>
    /// <param name="position">The place, in window lengths.</param>
    public static double Sigmoid(double position) => position >= FarBehind ? -1 : (2 / (1 + Math.Exp(Steepness * position))) - 1;

    /// <summary>Judges scores over a corpus at the best common threshold.</summary>
    /// <param name="corpus">Series with their windows.</param>
    /// <param name="profile">What is paid and charged.</param>
    /// <exception cref="HourglassException">No series has a window, a window leaves its series, or a score is NaN.</exception>
    public static NabScore Best(IReadOnlyList<NabSeries> corpus, NabProfile profile)
    {
        var (best, threshold) = (0.0, double.PositiveInfinity);
        foreach (var (level, gain) in Gains(corpus, profile))
        {
            (best, threshold) = gain > best ? (gain, level) : (best, threshold);
        }

        return new NabScore(best * Scale(corpus, profile), threshold);
    }

    /// <summary>Judges scores over a corpus at a given threshold.</summary>
    /// <param name="corpus">Series with their windows.</param>
    /// <param name="profile">What is paid and charged.</param>
    /// <param name="threshold">The lowest score that raises an alarm.</param>
    /// <exception cref="HourglassException">No series has a window, a window leaves its series, or a score is NaN.</exception>
    public static NabScore At(IReadOnlyList<NabSeries> corpus, NabProfile profile, double threshold)
    {
        var gained = 0.0;
        foreach (var (level, gain) in Gains(corpus, profile))
        {
            gained = level >= threshold ? gain : gained;
        }

        return new NabScore(gained * Scale(corpus, profile), threshold);
    }

    private static double Scale(IReadOnlyList<NabSeries> corpus, NabProfile profile) =>
        corpus.Sum(series => series.Windows.Count) is var windows and > 0
            ? 100 / (windows * (profile.TruePositive + profile.FalseNegative))
            : throw new HourglassException("The corpus holds no window, so there is nothing to find.");

    // Falling thresholds, each with what is gained over silence.
    private static IEnumerable<(double Threshold, double Gain)> Gains(IReadOnlyList<NabSeries> corpus, NabProfile profile)
    {
        var alarms = corpus.SelectMany((series, number) => series.Alarms(profile).Select(alarm => (alarm.Score, alarm.Worth, Window: (number, alarm.Window)))).ToArray();
        Array.Sort(alarms, (first, second) => second.Score.CompareTo(first.Score));
        var earned = new Dictionary<(int, int), double>();
        var gain = 0.0;
        for (var place = 0; place < alarms.Length; place++)
        {
            var (score, worth, window) = alarms[place];
            if (window.Window < 0)
            {
                gain += worth;
            }
            else if (worth > earned.GetValueOrDefault(window, -profile.FalseNegative))
            {
                gain += worth - earned.GetValueOrDefault(window, -profile.FalseNegative);
                earned[window] = worth;
            }

            if (place + 1 == alarms.Length || alarms[place + 1].Score != score)
            {
                yield return (score, gain);
            }
        }
    }
}
