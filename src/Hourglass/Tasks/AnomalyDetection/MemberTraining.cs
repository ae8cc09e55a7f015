using Hourglass.Baselines;
using Hourglass.Bundles;
using Hourglass.Corruption;
using Hourglass.Data;
using Hourglass.Recipes;
using Hourglass.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Hourglass.Tasks.AnomalyDetection;

/// <summary>Trains the members of a detector's ensemble on the same samples, each from a seed of its own.</summary>
internal static class MemberTraining
{
    private const int MostEpochs = 10_000; // where samples are fewer than a batch, an epoch is a step: a dozen samples would be gone through for minutes

    /// <summary>Trains all members; the first brings the PCA at its latent size.</summary>
    /// <returns>Each member as the contents of a file.</returns>
    public static List<BundleContents> Run(PreparedData data, DetectorOptions options, TrainObserver? observer, CancellationToken cancellationToken)
    {
        if (options.Members < 1)
        {
            throw new HourglassException($"A detector has 1 member or more, got {options.Members}. Give --members 1 or more.");
        }

        var members = new List<BundleContents>();
        var suited = Completed(data, options, data.Split.Training.Length);
        for (var place = 0; place < options.Members; place++)
        {
            var member = suited with { Training = suited.Training with { Seed = suited.Training.Seed + place } };
            using var trained = Run(data, member, place == 0, place == 0 ? observer : observer is null ? null : observer with { Prepared = null }, cancellationToken);
            members.Add(ModelBundle.ToContents(trained));
        }

        return members;
    }

    /// <summary>The first member's model as it is trained on so many samples.</summary>
    public static AutoencoderOptions Completed(PreparedData data, DetectorOptions options, int samples)
    {
        var suited = Suited(options.Member, data);
        var open = options.LatentVariance is { } share ? suited with { LatentSize = Components(data, share, suited.Training.Seed) } : suited;
        var member = DataDefaults.Complete(open, data.Preprocessing, samples);
        return member with { Training = member.Training with { Epochs = Epochs(options, member, samples) } };
    }

    // The default is made for rows; pictures and series get the network that suits them, unless the user chose one.
    private static AutoencoderOptions Suited(AutoencoderOptions member, PreparedData data) =>
        data.Preprocessing.SampleShape.Count > 1 && ReferenceEquals(member.Network, DetectorOptions.RowNetwork) ? member with { Network = null, LatentSize = null, Corruption = new NoCorruptionOptions() } : member;

    // Components whose latents hold a share of the variance of all.
    private static int Components(PreparedData data, double share, int seed)
    {
        const int Most = 128;
        var (samples, training) = (data.Samples, data.Split.Training);
        var pca = PrincipalComponents.Fit(samples, training, Math.Min(Most, samples.SampleLength), seed);
        var rows = training.Length <= 4096 ? training : training[..4096];
        var values = new float[rows.Length * samples.SampleLength];
        samples.Gather(rows, values);
        using var scope = NewDisposeScope();
        var latents = pca.Encode(tensor(values).reshape(rows.Length, samples.SampleLength));
        var whole = Variances(tensor(values).reshape(rows.Length, samples.SampleLength)).Sum();
        var (held, count) = (0.0, 0);
        foreach (var variance in Variances(latents))
        {
            held += variance;
            count++;
            if (held >= share * whole)
            {
                break;
            }
        }

        return Math.Max(1, count);
    }

    private static float[] Variances(Tensor rows)
    {
        var centred = rows - rows.mean([0L]);
        return [.. (centred * centred).mean([0L]).data<float>()];
    }

    // Large data need few passes and small data many: what counts is the number of steps, unless the user counts in epochs.
    private static int Epochs(DetectorOptions options, AutoencoderOptions member, int samples) =>
        member.Training.Epochs != new TrainingOptions().Epochs ? member.Training.Epochs
        : (int)Math.Clamp(Math.Round((double)options.Steps * member.Training.BatchSize!.Value / samples), 1, MostEpochs);

    // The held-out part serves thresholds only: training sees none of it, not even to know when to stop.
    private static TrainedAutoencoder Run(PreparedData data, AutoencoderOptions options, bool withPca, TrainObserver? observer, CancellationToken cancellationToken)
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
        var pca = withPca ? PrincipalComponents.Fit(data.Samples, data.Split.Training, options.LatentSize!.Value, options.Training.Seed) : null;
        return new TrainedAutoencoder(model, data.Preprocessing, pca, null, record);
    }
}
