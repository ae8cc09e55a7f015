using Hourglass.Collectives;
using Hourglass.Data.Stores;
using Hourglass.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Hourglass.Training.Steps;

/// <summary>Which engine computes the steps of a run.</summary>
internal static class StepChoice
{
    /// <summary>The fused step where the model is one that it knows, else automatic differentiation.</summary>
    /// <param name="model">The model, on the reader's device.</param>
    /// <param name="samples">Model inputs.</param>
    /// <param name="reader">Reads them into the engine.</param>
    /// <param name="count">Samples that train.</param>
    /// <param name="ranks">Who shares each step.</param>
    /// <exception cref="HourglassException">The options ask for what cannot be had here.</exception>
    public static TrainingStep Create(Autoencoder model, SampleStore samples, BatchReader reader, int count, ICollective ranks)
    {
        var (options, device) = (model.Options.Training, reader.Device);
        if (ranks.Size > 1 && RankAgreement.Obstacle(model.Options, device) is { } reason)
        {
            throw new HourglassException($"This model cannot be trained by several ranks: {reason}. Train it in one process; --accumulate makes its batches larger.");
        }

        if (options.Precision == Precision.Bfloat16 && ReducedPrecision.Obstacle(model.Options, device) is { } lack)
        {
            throw new HourglassException($"This model cannot be trained with --precision bfloat16: {lack}. Use --precision float32.");
        }

        var obstacle = device.type != DeviceType.CPU ? "the device is not the processor" : FusedPlan.Obstacle(model.Options);
        if (options.Engine == StepEngine.Fused && obstacle is not null)
        {
            throw new HourglassException($"The fused engine cannot train this model: {obstacle}. Use --engine auto, which falls back to automatic differentiation.");
        }

        return options.Engine == StepEngine.Autograd || obstacle is not null
            ? new AutogradStep(model, reader, ranks, obstacle)
            : new FusedStep(model, samples, reader, Math.Min(Math.Max(options.PartSize(1), ranks.Size), count), get_num_threads(), ranks);
    }
}
