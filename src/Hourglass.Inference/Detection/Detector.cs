using Hourglass.Bundles;
using Hourglass.Detection.Calibration;
using Hourglass.Preprocessing;
using Hourglass.Scoring;

namespace Hourglass.Detection;

/// <summary>Scores samples by how far they are from normal, and says why; higher is more anomalous.</summary>
/// <remarks>Needs no training engine. Deterministic: no noise is drawn. Not safe for concurrent calls.</remarks>
public sealed class Detector : IDisposable
{
    private const int BatchValues = 1 << 20; // 4 MB of samples at once
    private const int LeastPiece = 24; // samples for one thread: of fewer, each takes longer
    private const int MostPiece = 128;

    /// <summary>Puts a detector together.</summary>
    /// <param name="basis">What the rules share; the detector disposes of it.</param>
    /// <param name="rules">Ways to score: the autoencoder's and the rivals'.</param>
    /// <param name="chosen">The name of the rule that scores.</param>
    /// <param name="threshold">How scores become alarms; at most one false alarm in a thousand, or what the held-out scores hold steadily, when null.</param>
    /// <param name="folds">Folds of which each was scored by what had learnt from the others; 0 where samples were held out.</param>
    /// <exception cref="HourglassException">No rule has that name.</exception>
    public Detector(DetectorBasis basis, IReadOnlyList<ScoreRule> rules, string chosen, ThresholdRule? threshold = null, int folds = 0)
    {
        (Basis, Rules) = (basis, rules);
        Rule = rules.FirstOrDefault(rule => rule.Name == chosen)
            ?? throw new HourglassException($"The detector has no rule '{chosen}'. It has: {string.Join(", ", rules.Select(rule => rule.Name))}.");
        Calibration = new ScoreCalibration { HeldOut = Rule.HeldOut, Rule = threshold ?? ThresholdRule.DefaultFor(Rule.HeldOut.Count), Folds = folds };
    }

    /// <summary>What the rules share.</summary>
    public DetectorBasis Basis { get; }

    /// <summary>All ways to score.</summary>
    public IReadOnlyList<ScoreRule> Rules { get; }

    /// <summary>The one that scores.</summary>
    public ScoreRule Rule { get; }

    /// <summary>From its scores to p-values and alarms.</summary>
    public ScoreCalibration Calibration { get; }

    /// <summary>A test of whether scores still look like those of the calibration; of windows that share rows, one counts.</summary>
    /// <param name="onlyNormal">Whether the samples are known to be normal; otherwise scores with an alarm do not count.</param>
    public DriftTest Drift(bool onlyNormal = false) => new(
        Calibration.HeldOut, (Basis.Preprocessing as SeriesPreprocessing)?.Overlap ?? 1, onlyNormal ? double.PositiveInfinity : Calibration.Threshold().Value ?? Calibration.HeldOut.Highest(1));

    /// <summary>Names of the rules.</summary>
    public IEnumerable<string> RuleNames => Rules.Select(rule => rule.Name);

    /// <summary>Reads a detector whose members are dense, without a training engine.</summary>
    /// <param name="path">A .hourglass file with a detector.</param>
    /// <exception cref="BundleException">The file is broken, or holds no detector.</exception>
    /// <exception cref="HourglassException">A member's network needs the training engine: read it with AnomalyDetector.Load.</exception>
    public static Detector Load(string path) => DetectorFile.FromContents(BundleFile.Read(path), path, contents =>
        KernelReconstructor.TryCreate(contents, path, out var obstacle) ?? throw new HourglassException($"{path}: {obstacle} It needs the training engine: read it with AnomalyDetector.Load."));

    /// <summary>The same detector with another of its rules.</summary>
    /// <param name="name">"autoencoder", "pca", "neighbours", "isolation-forest".</param>
    /// <exception cref="HourglassException">No rule has that name.</exception>
    public Detector Use(string name) => new(Basis, Rules, name, Calibration.Rule, Calibration.Folds);

    /// <summary>The same detector with another way from scores to alarms; nothing is trained anew.</summary>
    /// <param name="threshold">The way.</param>
    public Detector With(ThresholdRule threshold) => new(Basis, Rules, Rule.Name, threshold, Calibration.Folds);

    /// <summary>The same detector with thresholds and p-values made from other normal samples; nothing is trained anew.</summary>
    /// <param name="fresh">Blocks of normal samples, [sample, value] row-major, in model-input units.</param>
    /// <exception cref="HourglassException">There is no sample.</exception>
    public Detector Calibrate(IEnumerable<float[]> fresh)
    {
        var scores = Rules.Select(_ => new List<double>()).ToArray();
        foreach (var block in fresh)
        {
            var batch = new ScoringBatch(Basis, block);
            for (var rule = 0; rule < scores.Length; rule++)
            {
                scores[rule].AddRange(Rules[rule].Score(batch, []));
            }
        }

        return new Detector(Basis, [.. Rules.Select((rule, place) => rule.With(ScoreDistribution.Of([.. scores[place]])))], Rule.Name, Calibration.Rule);
    }

    /// <summary>Scores samples.</summary>
    /// <param name="samples">[sample, value] row-major, in model-input units.</param>
    /// <returns>One score for each sample.</returns>
    public double[] Score(ReadOnlySpan<float> samples)
    {
        var (length, scores) = (Basis.SampleLength, new double[samples.Length / Basis.SampleLength]);
        InPieces(samples.ToArray(), (first, piece) => Rule.Score(new ScoringBatch(Basis, piece), []).CopyTo(scores, first / length));
        return scores;
    }

    /// <summary>Scores samples and says what each value of a sample adds.</summary>
    /// <param name="samples">[sample, value] row-major, in model-input units.</param>
    public Findings Find(ReadOnlySpan<float> samples)
    {
        var (given, scores, contributions, expected) = (samples.ToArray(), new double[samples.Length / Basis.SampleLength], new double[samples.Length], (float[]?)new float[samples.Length]);
        InPieces(given, (first, piece) =>
        {
            var batch = new ScoringBatch(Basis, piece);
            Rule.Score(batch, contributions.AsSpan(first, piece.Length)).CopyTo(scores, first / Basis.SampleLength);
            if (Rule.Expected(batch) is { } normal)
            {
                normal.CopyTo(expected!, first);
            }
            else
            {
                expected = null; // whether a rule can tell does not depend on the samples
            }
        });
        return new Findings(given, scores, contributions, expected);
    }

    // A thread takes some samples through all terms: nobody waits for the longest term, and few samples are scored at once by one thread. The work is told the piece's first value.
    private void InPieces(float[] samples, Action<int, float[]> work)
    {
        var (length, count) = (Basis.SampleLength, samples.Length / Basis.SampleLength);
        var rows = Basis.SharesWork ? Math.Clamp((count + Environment.ProcessorCount - 1) / Environment.ProcessorCount, LeastPiece, MostPiece) : Math.Max(1, BatchValues / length);
        if (Basis.SharesWork && count > rows)
        {
            Basis.Share((count + rows - 1) / rows, Piece);
            return;
        }

        for (var piece = 0; piece * rows < count; piece++)
        {
            Piece(piece);
        }

        void Piece(int piece) => work(piece * rows * length, samples[(piece * rows * length)..(Math.Min(count, (piece + 1) * rows) * length)]);
    }

    /// <summary>Scores samples and says why, column by column in the user's own units.</summary>
    /// <param name="samples">[sample, value] row-major, in model-input units.</param>
    public IReadOnlyList<Explanation> Explain(ReadOnlySpan<float> samples)
    {
        var found = Find(samples);
        return [.. Enumerable.Range(0, found.Scores.Length).Select(sample => Explanation.Of(Basis, found, sample))];
    }

    /// <inheritdoc/>
    public void Dispose() => Basis.Dispose();
}

/// <summary>Scores with what they are made of, in model-input units.</summary>
/// <param name="Samples">[sample, value].</param>
/// <param name="Scores">One for each sample.</param>
/// <param name="Contributions">[sample, value]; each row adds up to its score.</param>
/// <param name="Expected">[sample, value]: what a normal sample would have looked like; null where the rule cannot tell.</param>
public sealed record Findings(float[] Samples, double[] Scores, double[] Contributions, float[]? Expected);
