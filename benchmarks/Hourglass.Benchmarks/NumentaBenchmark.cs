using System.Globalization;
using System.Text.Json;
using Hourglass.Data;
using Hourglass.Detection.Series;
using Hourglass.Evaluation.Series;
using Hourglass.Tasks.AnomalyDetection;

namespace Hourglass.Benchmarks;

/// <summary>The Numenta Anomaly Benchmark: one default for all series, trained on the part of each that is not judged, then step by step.</summary>
/// <remarks>Expects numenta/NAB's folders data/ and labels/combined_windows.json.</remarks>
internal static class NumentaBenchmark
{
    private const int Window = 32;

    public static int Run(string[] args)
    {
        if (Arguments.Text(args, "--data") is not { } folder)
        {
            Console.Error.WriteLine("nab: give the benchmark's folder, the one with data/ and labels/: --data FOLDER");
            return 1;
        }

        var only = Arguments.Text(args, "--only");
        var runs = Enumerable.Range(1, Arguments.Number(args, "--seeds", 1)).SelectMany(seed => Run(folder, seed, only)).ToList();
        var rules = runs.GroupBy(run => run.Rule, StringComparer.Ordinal).Select(group => new { rule = group.Key, mean = group.Average(run => run.Standard), lowest = group.Min(run => run.Standard), highest = group.Max(run => run.Standard) });
        Console.WriteLine(JsonSerializer.Serialize(new { rules, runs }, Arguments.Json));
        return 0;
    }

    private static IEnumerable<NumentaResult> Run(string folder, int seed, string? only)
    {
        var corpora = new Dictionary<string, List<NabSeries>>(StringComparer.Ordinal);
        foreach (var (name, windows) in Windows(folder).Where(pair => only is null || pair.Key.StartsWith(only, StringComparison.Ordinal)))
        {
            var path = Path.Combine(folder, "data", name);
            var lines = File.ReadAllLines(path).Where(line => line.Length > 0).ToArray();
            var steps = lines.Skip(1).Select((line, step) => (Time: line[..line.IndexOf(',', StringComparison.Ordinal)], step)).GroupBy(row => row.Time, StringComparer.Ordinal).ToDictionary(rows => rows.Key, rows => rows.First().step, StringComparer.Ordinal);
            IReadOnlyList<StepRange> labelled = [.. windows.Select(window => new StepRange(steps[Second(window[0])], steps[Second(window[1])])).OrderBy(window => window.First)];
            foreach (var (rule, scores) in Score(path, lines, seed))
            {
                corpora.TryAdd(rule, []);
                corpora[rule].Add(new NabSeries(scores, labelled));
            }

            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {name}, {lines.Length - 1} steps"));
        }

        return corpora.Select(pair => NumentaResult.Of(seed, pair.Key, pair.Value));
    }

    // Each rule of the detector by itself, so that rivals stand beside.
    private static Dictionary<string, double[]> Score(string path, string[] lines, int seed)
    {
        var probation = NabScore.Probation(lines.Length - 1);
        var start = Path.Combine(Path.GetTempPath(), $"hourglass-{Guid.NewGuid():N}.csv");
        var options = new DetectorOptions { Member = new AutoencoderOptions { Training = new() { Seed = seed } } };
        try
        {
            File.WriteAllLines(start, lines.Take(probation + 1));
            var read = new ReadOptions { Ignore = ["timestamp"], Window = new WindowOptions(Window, 1) };
            using var detector = AnomalyDetector.Fit(new DetectRequest { Data = start, Read = read, Preparation = new PreparationOptions { Validation = 0.2, Scaling = Scaling.Standard }, Detector = options });
            using var data = DataFile.Apply(path, read, detector.Detector.Basis.Preprocessing);
            var windows = new float[data.Samples.Count * data.Samples.SampleLength];
            data.Samples.Read(0, (int)data.Samples.Count, windows);
            return detector.Detector.RuleNames.ToDictionary(rule => rule, rule => (double[])[.. new double[Window - 1], .. new OnlineScores(detector.Detector.Use(rule), probation / 2).Next(windows)], StringComparer.Ordinal);
        }
        catch (DataException fault) when (fault.Message.Contains("constant", StringComparison.Ordinal))
        {
            Console.Error.WriteLine($"{path}: does not change before judging starts; scored 0 throughout.");
            return options.Rules.ToDictionary(rule => rule.Name, _ => new double[lines.Length - 1], StringComparer.Ordinal);
        }
        finally
        {
            File.Delete(start);
        }
    }

    private static Dictionary<string, string[][]> Windows(string folder) =>
        JsonSerializer.Deserialize<Dictionary<string, string[][]>>(File.ReadAllText(Path.Combine(folder, "labels", "combined_windows.json")))!;

    // "2014-04-10 07:15:00.000000" stands for the row of "2014-04-10 07:15:00".
    private static string Second(string time) => time[..Math.Min(time.Length, 19)];

    private sealed record NumentaResult(int Seed, string Rule, int Series, double Standard, double Threshold, double RewardLowFalsePositives, double RewardLowFalseNegatives)
    {
        public static NumentaResult Of(int seed, string rule, List<NabSeries> corpus)
        {
            var standard = NabScore.Best(corpus, NabProfile.Standard);
            return new NumentaResult(seed, rule, corpus.Count, standard.Value, standard.Threshold, NabScore.Best(corpus, NabProfile.RewardLowFalsePositives).Value, NabScore.Best(corpus, NabProfile.RewardLowFalseNegatives).Value);
        }
    }
}
