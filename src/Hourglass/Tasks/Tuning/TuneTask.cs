using System.Diagnostics;
using Hourglass.Baselines;
using Hourglass.Bundles;
using Hourglass.Data;
using Hourglass.Engine;
using Hourglass.Recipes;
using Hourglass.Training;
using TorchSharp;

namespace Hourglass.Tasks.Tuning;

/// <summary>Finds options within a time budget: a latent size from the curve of error against size, the rest by successive halving; then trains the winner.</summary>
/// <remarks>Jamieson and Talwalkar 2016, https://arxiv.org/abs/1502.07943. Only training and validation data are seen. Every finished trial is written beside the
/// output, and the same command goes on from there.</remarks>
public sealed class TuneTask
{
    private const int TrialSamples = 20_000; // trials train on a part, so that many epochs fit into seconds
    private const int MeasuredSamples = 4096;
    private const int MostCandidates = 27;
    private const double ShortestTrial = 3; // seconds; with less, candidates are fewer instead
    private const int Halving = 3; // a third survives
    private const double SizeShare = 0.2; // of the budget, for the latent size
    private const double SearchShare = 0.45;
    private const double WorthHalf = 0.85; // doubling the latents must lower the error below this share to be worth it
    private readonly TrainRequest _request;
    private readonly double _seconds;
    private readonly IProgress<TuneTrial>? _progress;
    private readonly List<TuneTrial> _trials = [];

    private TuneTask(TrainRequest request, double minutes, IProgress<TuneTrial>? progress) => (_request, _seconds, _progress) = (request, minutes * 60, progress);

    private string TablePath => _request.Out + ".tune.json";

    /// <summary>Runs the search.</summary>
    /// <param name="request">Data, the choices that are fixed, and where the model goes.</param>
    /// <param name="minutes">Time for everything.</param>
    /// <param name="progress">Told of each trial.</param>
    /// <param name="cancellationToken">Stops; finished trials are kept for the next time.</param>
    /// <returns>Trials, frontier and the trained winner; the caller disposes of the outcome.</returns>
    /// <exception cref="HourglassException">Wrong options or data, or no validation part.</exception>
    public static TuneOutcome Run(TrainRequest request, double minutes, IProgress<TuneTrial>? progress = null, CancellationToken cancellationToken = default) =>
        request.Out is null ? throw new HourglassException("Tuning needs a place for the model and its table of trials.") : new TuneTask(request, minutes, progress).Run(cancellationToken);

    private TuneOutcome Run(CancellationToken cancellationToken)
    {
        NativeEngine.Require();
        using var data = DataFile.Prepare(_request.Data, _request.Read, _request.Preparation with { Seed = _request.Options.Training.Seed }, null, cancellationToken);
        if (data.Split.Validation.Length == 0)
        {
            throw new HourglassException("Tuning compares on validation data, and nothing is held out. Give --validation 0.1 or more data.");
        }

        ReadTable(data);
        var start = DataDefaults.Complete(_request.Options, data.Preprocessing, data.Split.Training.Length);
        var frontier = _request.Options.LatentSize is null ? Frontier(data, start, cancellationToken) : [];
        var size = frontier.Count > 0 ? Choose(frontier) : start.LatentSize!.Value;
        var winner = Search(data, start with { LatentSize = size }, cancellationToken);
        var final = Final(data, winner);
        var outcome = TrainTask.Run(_request with { Options = final, Resume = true }, null, cancellationToken);
        return new TuneOutcome(_trials, frontier, winner, TuneSpace.Words(winner), outcome);
    }

    /// <summary>The smallest size from which no larger one pays: each doubling would have to lower the error below <see cref="WorthHalf"/> of it.</summary>
    internal static int Choose(IReadOnlyList<FrontierPoint> frontier) =>
        frontier.First(point => frontier.All(other => other.LatentSize <= point.LatentSize
            || other.SquaredError > point.SquaredError * Math.Pow(WorthHalf, Math.Log2((double)other.LatentSize / point.LatentSize)))).LatentSize;

    private List<FrontierPoint> Frontier(PreparedData data, AutoencoderOptions start, CancellationToken cancellationToken)
    {
        var most = Math.Min(256, start.Input!.Length - 1);
        var sizes = Enumerable.Range(0, 9).Select(power => 1 << power).Where(size => size <= Math.Max(1, most) && (size > 1 || most < 16)).ToList();
        var frontier = new List<FrontierPoint>();
        foreach (var size in sizes)
        {
            var trial = Trial(data, start with { LatentSize = size }, "size", SizeShare * _seconds / sizes.Count, cancellationToken);
            var pca = PrincipalComponents.Fit(data.Samples, Part(data.Split.Training), size, start.Training.Seed);
            frontier.Add(new FrontierPoint(size, trial.SquaredError, pca.SquaredErrors(data.Samples, Measured(data)).Average()));
        }

        return frontier;
    }

    private AutoencoderOptions Search(PreparedData data, AutoencoderOptions start, CancellationToken cancellationToken)
    {
        var count = (int)Math.Clamp(SearchShare * _seconds / 3 / ShortestTrial, Halving, MostCandidates);
        var pool = TuneSpace.Draw(start, _request.Options, count, start.Training.Seed).ToList();
        var rungs = (int)Math.Floor(Math.Log(count, Halving) + 1e-9) + 1;
        for (var rung = 0; rung < rungs && pool.Count > 1; rung++)
        {
            var seconds = SearchShare * _seconds / rungs / pool.Count;
            var ranked = pool.Select(options => (Options: options, Trial: Trial(data, options, $"rung {rung + 1}", seconds, cancellationToken)))
                .OrderBy(entry => entry.Trial.SquaredError).ToList();
            pool = [.. ranked.Take(Math.Max(1, pool.Count / Halving)).Select(entry => entry.Options)];
        }

        return pool[0];
    }

    // Half a cosine over as many epochs as the rest of the budget allows, at the speed that trials showed.
    private AutoencoderOptions Final(PreparedData data, AutoencoderOptions winner)
    {
        var speed = _trials.Where(trial => trial.Words == TuneSpace.Words(winner)).Select(trial => trial.SamplesPerSecond).DefaultIfEmpty(1000).Max();
        var seconds = _seconds * (1 - SearchShare - (_request.Options.LatentSize is null ? SizeShare : 0)) * 0.9;
        var epochs = (int)Math.Clamp(seconds * speed / data.Split.Training.Length, 3, 2000);
        return winner with { Training = winner.Training with { Epochs = epochs, Schedule = ScheduleKind.Cosine, Patience = Math.Max(10, epochs / 5) } };
    }

    private TuneTrial Trial(PreparedData data, AutoencoderOptions options, string stage, double seconds, CancellationToken cancellationToken)
    {
        var words = TuneSpace.Words(options);
        if (_trials.Find(trial => trial.Stage == stage && trial.Words == words) is { } done)
        {
            _progress?.Report(done);
            return done;
        }

        using var model = new Autoencoder(options with { Training = options.Training with { Epochs = 10_000, Patience = null } });
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var clock = Stopwatch.StartNew();
        TrainingHistory history;
        using (var trainer = new Trainer(model, data.Samples, new SampleSplit(Part(data.Split.Training), Measured(data))))
        {
            limit.CancelAfter(TimeSpan.FromSeconds(Math.Max(0.5, seconds)));
            history = trainer.Run(null, limit.Token);
        }

        cancellationToken.ThrowIfCancellationRequested();
        model.to(torch.CPU);
        var error = new TrainedAutoencoder(model, data.Preprocessing, null, null, null!).Measure(data.Samples, Measured(data)).Squared.Average();
        var trial = new TuneTrial(stage, words, options.LatentSize!.Value, double.IsFinite(error) ? error : 1e9, history.Epochs.Count, Math.Round(clock.Elapsed.TotalSeconds, 2), Math.Round(history.SamplesPerSecond > 0 ? history.SamplesPerSecond : 1000));
        _trials.Add(trial);
        AtomicFile.WriteText(TablePath, BundleJson.Serialize(new TuneTable(Identity(data), _trials)));
        _progress?.Report(trial);
        return trial;
    }

    private void ReadTable(PreparedData data)
    {
        if (_request.Resume && File.Exists(TablePath))
        {
            var table = BundleJson.Deserialize<TuneTable>(File.ReadAllText(TablePath), TablePath);
            if (table.Identity != Identity(data))
            {
                throw new HourglassException($"{TablePath}: these trials belong to other data or options. Repeat the first run's command, or delete the file to start anew.");
            }

            _trials.AddRange(table.Trials);
        }
    }

    private string Identity(PreparedData data) => $"{data.Samples.ContentHash} {_seconds} {BundleJson.Serialize(_request.Options)}";

    private static long[] Part(long[] samples)
    {
        if (samples.Length <= TrialSamples)
        {
            return samples;
        }

        using var order = SeededOrder.Shuffle(samples, 1, -3);
        return order.Samples[..TrialSamples];
    }

    private static long[] Measured(PreparedData data) => data.Split.Validation[..Math.Min(MeasuredSamples, data.Split.Validation.Length)];

    private sealed record TuneTable(string Identity, IReadOnlyList<TuneTrial> Trials);
}

/// <summary>One short training.</summary>
/// <param name="Stage">"size" for the frontier, "rung N" for the search.</param>
/// <param name="Words">The options in a few words.</param>
/// <param name="LatentSize">Latents.</param>
/// <param name="SquaredError">Squared error per value on validation data.</param>
/// <param name="Epochs">Epochs finished on the trial's part of the data.</param>
/// <param name="Seconds">Time taken.</param>
/// <param name="SamplesPerSecond">Training speed.</param>
public sealed record TuneTrial(string Stage, string Words, int LatentSize, double SquaredError, int Epochs, double Seconds, double SamplesPerSecond);

/// <summary>What a latent size reaches.</summary>
/// <param name="LatentSize">Latents.</param>
/// <param name="SquaredError">The autoencoder's squared error per value on validation data, after its short training.</param>
/// <param name="PcaSquaredError">PCA's, with as many components.</param>
public sealed record FrontierPoint(int LatentSize, double SquaredError, double PcaSquaredError);

/// <summary>A finished search.</summary>
/// <param name="Trials">All trials, in order.</param>
/// <param name="Frontier">Error against latent size; empty where the size was given.</param>
/// <param name="Winner">The options found.</param>
/// <param name="WinnerWords">The same in a few words.</param>
/// <param name="Outcome">The winner, trained on all training data.</param>
public sealed record TuneOutcome(IReadOnlyList<TuneTrial> Trials, IReadOnlyList<FrontierPoint> Frontier, AutoencoderOptions Winner, string WinnerWords, TrainOutcome Outcome) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Outcome.Dispose();
}
