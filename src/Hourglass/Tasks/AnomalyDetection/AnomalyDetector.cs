using Hourglass.Bundles;
using Hourglass.Data;
using Hourglass.Data.Stores;
using Hourglass.Detection;
using Hourglass.Detection.Calibration;
using Hourglass.Engine;
using Hourglass.Preprocessing;

namespace Hourglass.Tasks.AnomalyDetection;

/// <summary>A trained anomaly detector: scores what is not normal, and says why. Higher is more anomalous.</summary>
/// <remarks>Made by <see cref="Fit(DetectRequest, TrainObserver?, CancellationToken)"/> or read by <see cref="Load"/>; there is no untrained state.
/// A process that only scores needs no training engine: <see cref="Hourglass.Detection.Detector"/> does the arithmetic.</remarks>
public sealed class AnomalyDetector : IDisposable
{
    private const int LeastSamples = 10; // with fewer, what is usual cannot be told from what is one sample's own

    private readonly IReadOnlyList<BundleContents> _members;

    private AnomalyDetector(Detector detector, IReadOnlyList<BundleContents> members, bool isContaminated)
    {
        (Detector, _members, IsContaminated) = (detector, members, isContaminated);
        Record = BundleJson.Deserialize<TrainingRecord>(members[0].Training, "training.json");
    }

    /// <summary>The arithmetic.</summary>
    public Detector Detector { get; }

    /// <summary>Whether it was made for training data that may hold anomalies: <see cref="DetectorOptions.FirstLook"/>.</summary>
    public bool IsContaminated { get; }

    /// <summary>How the first member was trained.</summary>
    public TrainingRecord Record { get; }

    /// <summary>Learns what is normal from a file.</summary>
    /// <param name="data">Normal samples: a file, a folder of pictures, or a built-in set.</param>
    public static AnomalyDetector Fit(string data) => Fit(new DetectRequest { Data = data });

    /// <summary>Learns what is normal.</summary>
    /// <param name="request">What to learn from and how.</param>
    /// <param name="observer">Told what happens.</param>
    /// <param name="cancellationToken">Stops it; nothing is kept.</param>
    /// <exception cref="HourglassException">Wrong options or data; the message has the remedy.</exception>
    public static AnomalyDetector Fit(DetectRequest request, TrainObserver? observer = null, CancellationToken cancellationToken = default)
    {
        NativeEngine.Require();
        using var data = Prepare(request, request.Detector.Folds > 0 ? request.Preparation with { Validation = 0 } : request.Preparation, observer, cancellationToken);
        if (request.Detector.Folds > 0)
        {
            return FitAcross(request, data, observer, cancellationToken);
        }

        var detector = Kept(Fit(data, request.Detector, observer, cancellationToken), request.Out);
        observer?.Detected?.Invoke(detector, [new HeldOutPart(detector.Detector, data)]);
        return detector;
    }

    private static AnomalyDetector Kept(AnomalyDetector detector, string? path)
    {
        if (path is not null)
        {
            detector.Save(path);
        }

        return detector;
    }

    /// <summary>Learns what is normal from samples at hand.</summary>
    /// <param name="data">Normal samples, split into a part to learn from and a part for thresholds.</param>
    /// <param name="options">How.</param>
    /// <param name="observer">Told what happens.</param>
    /// <param name="cancellationToken">Stops it; nothing is kept.</param>
    public static AnomalyDetector Fit(PreparedData data, DetectorOptions options, TrainObserver? observer = null, CancellationToken cancellationToken = default)
    {
        if (options.Folds > 0)
        {
            throw new HourglassException("Folds are read from the file one by one: fit from a request that names it, or leave folds out.");
        }

        RequireSamples(data);
        if (data.Split.Validation.Length == 0)
        {
            throw new HourglassException($"{data.Description.Source}: none of its {data.Samples.Count} samples was held out, and thresholds come from such. Hold out a share above 0 (--held-out 0.2 is usual), give more samples, or make thresholds from all with --folds 5.");
        }

        var learnt = LearntPart.Of(data, options, observer, cancellationToken);
        return new AnomalyDetector(DetectorFit.Fit(learnt.Basis, LearntPart.Rows(data.Samples, data.Split.Validation), options.Rules), learnt.Members, options.FirstLook is not null);
    }

    // Thresholds from all samples, each scored without its fold; what scores in the end has learnt from all.
    private static AnomalyDetector FitAcross(DetectRequest request, PreparedData all, TrainObserver? observer, CancellationToken cancellationToken)
    {
        RequireSamples(all);
        if (all.Preprocessing is SeriesPreprocessing)
        {
            throw new HourglassException("Folds would hold windows that share rows with what was learnt. Leave out --folds: of a series the last part is held out.");
        }

        var (options, share, folds, parts) = (request.Detector, 1.0 / request.Detector.Folds, new List<HeldOutFold>(), new List<PreparedData>());
        try
        {
            for (var fold = 0; fold < options.Folds; fold++)
            {
                var part = Prepare(request, request.Preparation with { Validation = share, ValidationFrom = fold * share }, null, cancellationToken);
                parts.Add(part);
                var own = LearntPart.Of(part, options, observer is null ? null : observer with { Prepared = null }, cancellationToken);
                folds.Add(new HeldOutFold(own.Basis, LearntPart.Rows(part.Samples, part.Split.Validation)));
            }

            // Members learn from all; of samples to compare with, as many are kept as a fold was compared with: among more, the nearest are nearer, and scores lower than those that thresholds come from.
            var learnt = LearntPart.Of(all, options with { MaximumReferences = Math.Min(options.MaximumReferences, (int)((1 - share) * all.Split.Training.Length)) }, observer, cancellationToken);
            var detector = Kept(new AnomalyDetector(DetectorFit.Fit(learnt.Basis, folds, options.Rules), learnt.Members, options.FirstLook is not null), request.Out);
            observer?.Detected?.Invoke(detector, [.. DetectorFit.OutOfFold(detector.Detector, folds, options.Rules).Zip(parts, (own, part) => new HeldOutPart(own, part))]);
            return detector;
        }
        finally
        {
            folds.ForEach(fold => fold.Basis.Dispose());
            parts.ForEach(part => part.Dispose());
        }
    }

    private static void RequireSamples(PreparedData data)
    {
        if (data.Samples.Count < LeastSamples)
        {
            throw new HourglassException($"{data.Description.Source}: holds {data.Samples.Count} samples, and a detector learns from {LeastSamples} or more. Give more normal samples; where the first line is a header or none, say so with --header.");
        }
    }

    private static PreparedData Prepare(DetectRequest request, PreparationOptions preparation, TrainObserver? observer, CancellationToken cancellationToken) => DataFile.Prepare(
        request.Data, request.Read, preparation with { ByPlace = true, KeepsConstants = true, Seed = request.Detector.Member.Training.Seed, Scaling = preparation.Scaling ?? request.Detector.Scaling, TableScaling = Scaling.Quantile }, observer?.Reading, cancellationToken);

    /// <summary>Learns what is normal, on another thread.</summary>
    /// <param name="request">What to learn from and how.</param>
    /// <param name="cancellationToken">Stops it; nothing is kept.</param>
    public static Task<AnomalyDetector> FitAsync(DetectRequest request, CancellationToken cancellationToken = default) => Task.Run(() => Fit(request, null, cancellationToken), cancellationToken);

    /// <summary>Reads a detector.</summary>
    /// <param name="path">A .hourglass file with a detector.</param>
    /// <exception cref="BundleException">The file is broken or holds no detector.</exception>
    public static AnomalyDetector Load(string path)
    {
        var (file, members) = (BundleFile.Read(path), new List<BundleContents>());
        var detector = DetectorFile.FromContents(file, path, contents =>
        {
            members.Add(contents);
            return DetectorBundle.Member(contents, path);
        });
        return new AnomalyDetector(detector, members, BundleJson.Deserialize<DetectorRecord>(file.Detector!, path).IsContaminated);
    }

    /// <summary>The same detector with another of its rules.</summary>
    /// <param name="rule">"autoencoder", "pca", "neighbours" or "isolation-forest".</param>
    /// <exception cref="HourglassException">No rule has that name.</exception>
    public AnomalyDetector Use(string rule) => new(Detector.Use(rule), _members, IsContaminated);

    /// <summary>The same detector with another way from scores to alarms; nothing is trained anew.</summary>
    /// <param name="threshold">The way.</param>
    public AnomalyDetector With(ThresholdRule threshold) => new(Detector.With(threshold), _members, IsContaminated);

    /// <summary>Writes the detector.</summary>
    /// <param name="path">Where it goes.</param>
    public void Save(string path) => BundleFile.Write(path, DetectorFile.ToContents(Detector, _members, IsContaminated));

    /// <summary>Scores a file.</summary>
    /// <param name="data">A file of the kind that it was trained on.</param>
    /// <returns>One score for each sample; higher is more anomalous.</returns>
    public double[] Score(string data)
    {
        using var prepared = DataFile.Apply(data, new ReadOptions(), Detector.Basis.Preprocessing);
        return Score(prepared.Samples);
    }

    /// <summary>Scores a store.</summary>
    /// <param name="samples">Model inputs.</param>
    public double[] Score(SampleStore samples) => [.. Blocks(samples).SelectMany(block => Detector.Score(block))];

    /// <summary>Scores a file and says why.</summary>
    /// <param name="data">A file of the kind that it was trained on.</param>
    public IReadOnlyList<Explanation> Explain(string data)
    {
        using var prepared = DataFile.Apply(data, new ReadOptions(), Detector.Basis.Preprocessing);
        return [.. Blocks(prepared.Samples).SelectMany(block => Detector.Explain(block))];
    }

    /// <summary>Measures a detector where labels exist.</summary>
    /// <param name="data">Samples with labels.</param>
    /// <param name="normal">Labels that mean normal; 0, normal, false, no, inlier, however they are written, when empty.</param>
    /// <param name="progress">Told the share of the samples scored.</param>
    /// <exception cref="HourglassException">No labels, or none that says normal, or none that does not.</exception>
    public DetectionFigures Evaluate(PreparedData data, IReadOnlyList<string>? normal = null, IProgress<double>? progress = null) => DetectionFigures.Of(Detector, Blocks(data.Samples, progress), Kinds(data.Labels, data.Description.Source, normal ?? []));

    /// <inheritdoc/>
    public void Dispose() => Detector.Dispose();

    /// <summary>Each sample's kind of anomaly; null for normal ones.</summary>
    internal static string?[] Kinds(SampleLabels? known, string source, IReadOnlyList<string> normal)
    {
        var labels = known ?? throw new HourglassException($"{source}: has no labels to measure against. Name their column with --label.");
        IReadOnlyList<string> words = normal.Count > 0 ? normal : ["0", "0.0", "normal", "normal.", "false", "no", "inlier", "ok"];
        var isNormal = labels.Names.Select(name => words.Contains(name.Trim(), StringComparer.OrdinalIgnoreCase)).ToArray();
        if (!isNormal.Contains(true) || !isNormal.Contains(false))
        {
            throw new HourglassException($"{source}: {(isNormal.Contains(true) ? "every" : "no")} label says normal; labels: {string.Join(", ", labels.Names.Take(20))}. Say which mean normal with --normal.");
        }

        return [.. labels.Codes.Select(code => code < 0 ? throw new HourglassException($"{source}: a sample has no label. Leave such samples out.") : isNormal[code] ? null : labels.Names[code])];
    }

    private static IEnumerable<float[]> Blocks(SampleStore samples, IProgress<double>? progress = null)
    {
        var rows = Math.Max(1, (1 << 20) / samples.SampleLength);
        for (var start = 0L; start < samples.Count; start += rows)
        {
            progress?.Report((double)start / samples.Count);
            var block = new float[(int)Math.Min(rows, samples.Count - start) * samples.SampleLength];
            samples.Read(start, block.Length / samples.SampleLength, block);
            yield return block;
        }
    }
}
