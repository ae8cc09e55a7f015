using Hourglass.Baselines;
using Hourglass.Bundles;
using Hourglass.Collectives;
using Hourglass.Data;
using Hourglass.Engine;
using Hourglass.Evaluation;
using Hourglass.Kernels;
using Hourglass.Recipes;
using Hourglass.Tasks.AnomalyDetection;
using Hourglass.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Hourglass.Tasks;

/// <summary>From a file to a trained autoencoder and an honest comparison with PCA.</summary>
public static class TrainTask
{
    private const int MixtureSamples = 20_000;

    /// <summary>Reads, chooses what was left open, trains, compares, saves.</summary>
    /// <param name="request">What to train on and how.</param>
    /// <param name="observer">Told what happens.</param>
    /// <param name="cancellationToken">Stops training; the best weights so far are kept and saved.</param>
    /// <returns>The model and what was read; the caller disposes of both.</returns>
    /// <exception cref="HourglassException">Wrong options or data; the message has the remedy.</exception>
    public static TrainOutcome Run(TrainRequest request, TrainObserver? observer = null, CancellationToken cancellationToken = default)
    {
        var started = DateTimeOffset.UtcNow;
        RequireNoFaults(request.Options);
        NativeEngine.Require();
        UseShareOfMachine();
        var data = DataFile.Prepare(request.Data, request.Read, request.Preparation with { Seed = request.Options.Training.Seed }, request.Ranks, observer?.Reading, cancellationToken);
        try
        {
            var options = DataDefaults.Complete(Conditioned(request, data), data.Preprocessing, data.Split.Training.Length);
            RequireSameEverywhere(request, options);
            observer?.Prepared?.Invoke(data, options);
            var model = new Autoencoder(options);
            if (request.Start is not null)
            {
                ModelBundle.CopyWeights(request.Start, model);
            }

            var history = Train(request, data, model, observer, cancellationToken);
            if (history.Epochs.Count == 0)
            {
                throw new HourglassException("Stopped before the first epoch ended: nothing was learnt and no model was written. Run the command again.");
            }

            var trained = request.Ranks.Rank == 0 ? Complete(data, model, history, started) : Unmeasured(data, model, history, started);
            if (request.Out is not null && request.Ranks.Rank == 0)
            {
                trained.Save(request.Out);
                if (history.StopReason != StopReason.Interrupted)
                {
                    File.Delete(CheckpointPath(request.Out));
                }
            }

            return new TrainOutcome(trained, data);
        }
        catch (Exception)
        {
            data.Dispose();
            throw;
        }
    }

    /// <summary>Where a run keeps its checkpoint.</summary>
    /// <param name="outPath">Where its model goes.</param>
    public static string CheckpointPath(string outPath) => outPath + ".checkpoint";

    private static void RequireNoFaults(AutoencoderOptions options)
    {
        if (options.Faults() is { Count: > 0 } faults)
        {
            throw new OptionsException(faults);
        }
    }

    private static AutoencoderOptions Conditioned(TrainRequest request, PreparedData data) => !request.ConditionOnLabel ? request.Options
        : data.Labels is { } labels ? request.Options with { Condition = new ConditionOptions { Classes = labels.Names } }
        : throw new HourglassException($"{request.Data}: a conditional model needs a label, and this source has none. Name its column with --label.");

    // Ranks on one machine share its processors, unless the user has said how many threads each has.
    private static void UseShareOfMachine()
    {
        if (Collective.ThreadsOfRank() is { } threads && Environment.GetEnvironmentVariable("OMP_NUM_THREADS") is null)
        {
            set_num_threads(threads);
        }
    }

    private static void RequireSameEverywhere(TrainRequest request, AutoencoderOptions options)
    {
        const string SameCommand = "Give all ranks the same command line.";
        Agreement.Require(request.Ranks,
        [
            ("versions", BundleJson.Serialize(EngineVersions.Current), "Install the same Hourglass on all machines."),
            ("width of vectors in bits", $"{DenseKernels.Widest.Bits}", "Rounding differs between widths, and the models would drift apart: run all ranks on one kind of machine."),
            ("options", BundleJson.Serialize(options), SameCommand),
            ("start and resumption", $"{request.Start} {request.Resume} {request.Out is not null}", SameCommand),
        ]);
    }

    private static TrainingHistory Train(TrainRequest request, PreparedData data, Autoencoder model, TrainObserver? observer, CancellationToken cancellationToken)
    {
        using var trainer = new Trainer(model, data.Samples, data.Split, model.Options.Condition is null ? null : data.Labels)
        {
            CheckpointPath = request.Out is null ? null : CheckpointPath(request.Out),
            Identity = $"{data.Samples.ContentHash} {BundleJson.Serialize(model.Options)} {request.Start}{(request.Ranks.Size == 1 ? "" : $" {request.Ranks.Size} ranks")}",
            Ranks = request.Ranks,
            IsStarted = request.Start is not null,
            Resume = request.Resume,
        };
        return trainer.Run(observer?.Training, cancellationToken);
    }

    private static TrainedAutoencoder Complete(PreparedData data, Autoencoder model, TrainingHistory history, DateTimeOffset started)
    {
        model.to(CPU);
        var (training, held) = (data.Split.Training, data.Split.Validation.Length > 0 ? data.Split.Validation : data.Split.Training);
        var draft = new TrainedAutoencoder(model, data.Preprocessing, null, null, null!);
        var errors = draft.Measure(data.Samples, held);
        var pca = HasPca(model.Options) ? PrincipalComponents.Fit(data.Samples, training, model.Options.LatentSize!.Value, model.Options.Training.Seed) : null;
        var record = new TrainingRecord(
            data.Description, training.Length, data.Split.Validation.Length, history, errors.Objective.Average(),
            pca is null ? null : PcaComparison.Of(errors.Squared, pca.SquaredErrors(data.Samples, held), pca.Count), EngineVersions.Current, started)
        {
            SquaredError = errors.Squared.Average(),
            NormalizedSquaredError = errors.Normalized.Average(),
            Latents = LatentFigures.Of(draft, data.Samples, held),
        };
        var density = LatentDensity.Fit(draft, data.Samples, training);
        return new TrainedAutoencoder(model, data.Preprocessing, pca, density, record);
    }

    // The model on ranks that leave measuring and writing to rank 0.
    private static TrainedAutoencoder Unmeasured(PreparedData data, Autoencoder model, TrainingHistory history, DateTimeOffset started) => new(
        model, data.Preprocessing, null, null,
        new TrainingRecord(data.Description, data.Split.Training.Length, data.Split.Validation.Length, history, history.Epochs[^1].ValidationLoss ?? history.Epochs[^1].TrainingLoss, null, EngineVersions.Current, started));

    // Without a bottleneck, or with tokens, there is no PCA that does the same.
    private static bool HasPca(AutoencoderOptions options) => options is { Bottleneck: not Bottlenecks.OpenOptions, Input.Vocabulary: null };
}

/// <summary>What to train on and how.</summary>
public sealed record TrainRequest
{
    /// <summary>A file, a folder of pictures, or a built-in set.</summary>
    public required string Data { get; init; }

    /// <summary>What is known about the source.</summary>
    public ReadOptions Read { get; init; } = new();

    /// <summary>Split and scaling; the seed is the training's.</summary>
    public PreparationOptions Preparation { get; init; } = new();

    /// <summary>The model; open slots are chosen from the data.</summary>
    public AutoencoderOptions Options { get; init; } = new();

    /// <summary>Whether encoder and decoder are told each sample's label.</summary>
    public bool ConditionOnLabel { get; init; }

    /// <summary>A bundle whose weights the model starts from; seeded random weights when null.</summary>
    public string? Start { get; init; }

    /// <summary>Where the bundle goes; nothing is written when null.</summary>
    public string? Out { get; init; }

    /// <summary>Who trains together; every rank makes the same request, rank 0 measures, writes and knows the result.</summary>
    public ICollective Ranks { get; init; } = new SingleProcess();

    /// <summary>Whether to go on from the checkpoint beside <see cref="Out"/>, where there is one.</summary>
    public bool Resume { get; init; }
}

/// <summary>Who is told what happens.</summary>
/// <param name="Reading">Share of the data read.</param>
/// <param name="Prepared">The data and the complete options, before training.</param>
/// <param name="Training">Epochs.</param>
public sealed record TrainObserver(IProgress<double>? Reading, Action<PreparedData, AutoencoderOptions>? Prepared, IProgress<TrainingProgress>? Training)
{
    /// <summary>A detector that was learnt, with the samples held out from it, or from it without a fold, while they are open.</summary>
    public Action<AnomalyDetector, IReadOnlyList<HeldOutPart>>? Detected { get; init; }
}

/// <summary>A trained model and the data it saw.</summary>
/// <param name="Trained">The model.</param>
/// <param name="Data">The data, split.</param>
public sealed record TrainOutcome(TrainedAutoencoder Trained, PreparedData Data) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        Trained.Dispose();
        Data.Dispose();
    }
}
