namespace Hourglass.Evaluation;

/// <summary>What every figure of detection asks of its input.</summary>
internal static class LabelledScores
{
    /// <summary>Refuses lengths that differ, scores that are not numbers, and labels without an anomaly.</summary>
    /// <exception cref="HourglassException">One of these; the message says which.</exception>
    public static void Require(ReadOnlySpan<double> scores, ReadOnlySpan<bool> anomalous)
    {
        if (scores.Length != anomalous.Length)
        {
            throw new HourglassException($"There must be one label for each score, got {scores.Length} scores and {anomalous.Length} labels.");
        }

        for (var place = 0; place < scores.Length; place++)
        {
            if (double.IsNaN(scores[place]))
            {
                throw new HourglassException($"Scores must be numbers, score {place + 1} of {scores.Length} is NaN.");
            }
        }

        if (!anomalous.Contains(true))
        {
            throw new HourglassException($"None of the {anomalous.Length} labels says anomaly, so there is nothing to find. Check which label means anomaly.");
        }
    }
}
