using Hourglass.Detection.Terms;

namespace Hourglass.Detection.Series;

/// <summary>Scores a series step by step from what came before, where what is normal may drift: each part of the score is compared with its own recent past.</summary>
/// <remarks>Parts: the distance of the newest values from the training mean, the reconstruction error of the newest step, and the rule's other terms together, which look at the whole window
/// (its distance to the nearest windows of the training part). Each becomes minus the logarithm of its tail probability among its last values, and these add up, as Fisher's method adds
/// evidence (the idea of judging errors by their recent distribution is Ahmad and Purdy's anomaly likelihood, 2016). Alarms of one event are merged.</remarks>
public sealed class OnlineScores
{
    /// <summary>Steps that a part is compared with.</summary>
    public const int UsualMemory = 2000;

    private readonly Detector _detector;
    private readonly RunningTail[] _tails;
    private readonly EventFilter _events;
    private readonly int _channels;

    /// <summary>Starts at the beginning of a series.</summary>
    /// <param name="detector">A detector of windows, one row apart.</param>
    /// <param name="rest">Steps for which an event that does not get worse raises no further alarm.</param>
    /// <param name="memory">Steps that each part is compared with.</param>
    /// <exception cref="HourglassException">The detector's samples are not [step, channel], or a number is not positive.</exception>
    public OnlineScores(Detector detector, int rest, int memory = UsualMemory)
    {
        if (detector.Basis.Preprocessing.SampleShape is not [_, var channels])
        {
            throw new HourglassException($"Scores step by step need windows of [step, channel], the detector takes [{string.Join(", ", detector.Basis.Preprocessing.SampleShape)}]. Train it with --window.");
        }

        if (rest < 1 || memory < 1)
        {
            throw new HourglassException($"The rest after an alarm and the memory must be 1 step or more, got {rest} and {memory}.");
        }

        (_detector, _channels, _events) = (detector, channels, new EventFilter(rest));
        _tails = [.. Enumerable.Range(0, 3).Select(_ => new RunningTail(memory))];
    }

    /// <summary>Scores the newest step of each of the next windows.</summary>
    /// <param name="windows">[window, step, channel] in model-input units, each one row behind the one before.</param>
    /// <returns>One score for each window; 0 or more, higher is more anomalous.</returns>
    public double[] Next(float[] windows)
    {
        var batch = new ScoringBatch(_detector.Basis, windows);
        double[][] parts = [Distances(batch), Sum(term => term.Record is ReconstructionRecord, NewestStep, batch), Sum(term => term.Record is not ReconstructionRecord, Whole, batch)];
        var scores = new double[batch.Count];
        for (var window = 0; window < batch.Count; window++)
        {
            var surprise = 0.0;
            for (var part = 0; part < parts.Length; part++)
            {
                surprise += _tails[part].Next(parts[part][window]);
            }

            scores[window] = _events.Next(surprise);
        }

        return scores;
    }

    private double[] Distances(ScoringBatch batch) =>
        [.. Enumerable.Range(0, batch.Count).Select(window => (double)System.Numerics.Tensors.TensorPrimitives.SumOfMagnitudes(batch.Row(window)[^_channels..]))];

    private double[] Sum(Predicate<ScoreTerm> isWanted, Func<ScoreTerm, ScoringBatch, double[]> measure, ScoringBatch batch)
    {
        var sum = new double[batch.Count];
        foreach (var term in _detector.Rule.Terms.Where(term => isWanted(term)))
        {
            System.Numerics.Tensors.TensorPrimitives.Add(sum, measure(term, batch), sum);
        }

        return sum;
    }

    private static double[] Whole(ScoreTerm term, ScoringBatch batch)
    {
        var values = new double[batch.Count];
        term.Measure(batch, values, []);
        return [.. values.Select(term.Record.Standardised)];
    }

    // Errors of reconstruction are told apart by step, and only the newest is news.
    private double[] NewestStep(ScoreTerm term, ScoringBatch batch)
    {
        var (length, contributions) = (batch.Basis.SampleLength, new double[batch.Samples.Length]);
        term.Measure(batch, new double[batch.Count], contributions);
        return [.. Enumerable.Range(1, batch.Count).Select(window => term.Record.Standardised(System.Numerics.Tensors.TensorPrimitives.Sum<double>(contributions.AsSpan((window * length) - _channels, _channels))))];
    }
}
