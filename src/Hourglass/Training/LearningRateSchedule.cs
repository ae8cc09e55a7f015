namespace Hourglass.Training;

/// <summary>Step size as a function of progress.</summary>
internal static class LearningRateSchedule
{
    /// <summary>Step size for one step.</summary>
    /// <param name="options">Kind, warm-up, base rate.</param>
    /// <param name="epoch">Epochs done, with the running one's share.</param>
    /// <param name="scale">What plateaus and rollbacks have left of the base rate.</param>
    /// <param name="ranks">Processes that share a step.</param>
    public static double Rate(TrainingOptions options, double epoch, double scale, int ranks)
    {
        var rate = options.ActualLearningRate * BatchFactor(options, ranks) * scale;
        if (epoch < options.WarmUpEpochs)
        {
            return rate * Math.Max(epoch, 1e-3) / options.WarmUpEpochs;
        }

        if (options.Schedule == ScheduleKind.Cosine)
        {
            var done = (epoch - options.WarmUpEpochs) / Math.Max(1e-9, options.Epochs - options.WarmUpEpochs);
            return rate * 0.5 * (1 + Math.Cos(Math.PI * Math.Clamp(done, 0, 1)));
        }

        return rate;
    }

    /// <summary>What the base rate is multiplied by for the batches that make a step.</summary>
    public static double BatchFactor(TrainingOptions options, int ranks) => options.BatchScaling switch
    {
        BatchScaling.Linear => (double)options.Accumulate * ranks,
        BatchScaling.SquareRoot => Math.Sqrt((double)options.Accumulate * ranks),
        _ => 1,
    };
}
