using Hourglass.Data;
using Hourglass.Recipes;
using Hourglass.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Hourglass.Tasks.AnomalyDetection;

/// <summary>Trains the members of a detector's ensemble on the same samples, each from a seed of its own.</summary>
internal static class MemberTraining
{
    /// <summary>Trains all members.</summary>
    public static List<TrainedAutoencoder> Run(PreparedData data, DetectorOptions options, TrainObserver? observer, CancellationToken cancellationToken)
    {
        var members = new List<TrainedAutoencoder>();
        try
        {
            for (var place = 0; place < options.Members; place++)
            {
                var member = options.Member with { Training = options.Member.Training with { Seed = options.Member.Training.Seed + place } };
                members.Add(Run(data, DataDefaults.Complete(member, data.Preprocessing, data.Split.Training.Length), place == 0 ? observer : null, cancellationToken));
            }

            return members;
        }
        catch (Exception)
        {
            members.ForEach(member => member.Dispose());
            throw;
        }
    }

    // The held-out part serves thresholds only: training sees none of it, not even to know when to stop.
    private static TrainedAutoencoder Run(PreparedData data, AutoencoderOptions options, TrainObserver? observer, CancellationToken cancellationToken)
    {
        var started = DateTimeOffset.UtcNow;
        observer?.Prepared?.Invoke(data, options);
        var model = new Autoencoder(options);
        using var trainer = new Trainer(model, data.Samples, new SampleSplit(data.Split.Training, []));
        var history = trainer.Run(observer?.Training, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        model.to(CPU);
        var held = data.Split.Validation.Length > 0 ? data.Split.Validation : data.Split.Training;
        var errors = new TrainedAutoencoder(model, data.Preprocessing, null, null, null!).Measure(data.Samples, held);
        var record = new TrainingRecord(data.Description, data.Split.Training.Length, data.Split.Validation.Length, history, errors.Objective.Average(), null, EngineVersions.Current, started)
        {
            SquaredError = errors.Squared.Average(),
            NormalizedSquaredError = errors.Normalized.Average(),
        };
        return new TrainedAutoencoder(model, data.Preprocessing, null, null, record);
    }
}
