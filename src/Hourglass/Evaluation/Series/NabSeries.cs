namespace Hourglass.Evaluation.Series;

/// <summary>One series of the benchmark's corpus: what a detector said, and where something happened.</summary>
/// <param name="Scores">Higher is more anomalous, one for each step; no NaN.</param>
/// <param name="Windows">Ascending windows in which an alarm is right; they do not overlap.</param>
public sealed record NabSeries(IReadOnlyList<double> Scores, IReadOnlyList<StepRange> Windows)
{
    /// <summary>Each judged step as if it raised an alarm: its score, what the alarm is worth, and its window's number or -1.</summary>
    /// <exception cref="HourglassException">A window leaves the series or a score is NaN.</exception>
    internal IEnumerable<(double Score, double Worth, int Window)> Alarms(NabProfile profile)
    {
        Validate();
        var next = 0;
        for (var step = 0; step < Scores.Count; step++)
        {
            next += next < Windows.Count && step > Windows[next].Last ? 1 : 0;
            var inside = next < Windows.Count && step >= Windows[next].First;
            var worth = inside ? Inside(Windows[next], step) * profile.TruePositive
                : next == 0 ? -profile.FalsePositive
                : NabScore.Sigmoid((double)(step - Windows[next - 1].Last) / Math.Max(1, Windows[next - 1].Length - 1)) * profile.FalsePositive;
            if (step >= NabScore.Probation(Scores.Count))
            {
                yield return (Scores[step], worth, inside ? next : -1);
            }
        }
    }

    private static double Inside(StepRange window, int step) => NabScore.Sigmoid(-(double)(window.Last - step + 1) / window.Length) / NabScore.Sigmoid(-1);

    private void Validate()
    {
        for (var number = 0; number < Windows.Count; number++)
        {
            var (window, free) = (Windows[number], number > 0 ? Windows[number - 1].Last + 1 : 0);
            if (window.First < free || window.Last < window.First || window.Last >= Scores.Count)
            {
                throw new HourglassException($"Window {number + 1} runs from step {window.First} to {window.Last}, expected it between {free} and {Scores.Count - 1}.");
            }
        }

        if (Scores.Any(double.IsNaN))
        {
            throw new HourglassException("Scores must be numbers, one is NaN.");
        }
    }
}
