using System.Globalization;
using System.Text.Json;
using Hourglass.Data;
using Hourglass.Data.Stores;
using Hourglass.Detection.Series;
using Hourglass.Evaluation;
using Hourglass.Evaluation.Series;
using Hourglass.Tasks.AnomalyDetection;

namespace Hourglass.Benchmarks;

/// <summary>The Server Machine Dataset (Su et al. 2019): a detector for each machine, figures that no threshold and no point adjustment enters, and whether the true metrics are named.</summary>
/// <remarks>Expects machine-*.npz with train [row, 38], test and test_label, and machine-*_interpretation.txt with lines like "15-30:1,9,12", rows from 0 and metrics from 1.</remarks>
internal static class ServerMachines
{
    private static readonly WindowOptions TrainingWindow = new(16, 5);

    public static int Run(string[] args)
    {
        if (Arguments.Text(args, "--data") is not { } folder)
        {
            Console.Error.WriteLine("smd: give the folder with machine-*.npz: --data FOLDER");
            return 1;
        }

        var results = new List<MachineResult>();
        foreach (var path in Directory.GetFiles(folder, "machine-*.npz").Where(path => path.Contains(Arguments.Text(args, "--only") ?? "", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            var machine = Machine.Read(path);
            foreach (var seed in Enumerable.Range(Arguments.Number(args, "--first-seed", 1), Arguments.Number(args, "--seeds", 1)))
            {
                results.AddRange(Run(machine, seed));
            }
        }

        Console.WriteLine(JsonSerializer.Serialize(new { rules = results.GroupBy(result => result.Rule, StringComparer.Ordinal).Select(group => MachineResult.Mean(group.Key, [.. group])), machines = results }, Arguments.Json));
        return 0;
    }

    private static IEnumerable<MachineResult> Run(Machine machine, int seed)
    {
        var (training, test) = (Path.Combine(Path.GetTempPath(), $"hourglass-{Guid.NewGuid():N}.csv"), Path.Combine(Path.GetTempPath(), $"hourglass-{Guid.NewGuid():N}.csv"));
        try
        {
            Machine.Write(machine.Train, training);
            Machine.Write(machine.Test, test);
            using var detector = AnomalyDetector.Fit(new DetectRequest
            {
                Data = training,
                Read = new ReadOptions { Window = TrainingWindow },
                Preparation = new PreparationOptions { Validation = 0.2, Scaling = Scaling.Standard },
                Detector = new DetectorOptions { Member = new AutoencoderOptions { Training = new() { Seed = seed } } },
            });
            using var windows = DataFile.Apply(test, new ReadOptions { Window = TrainingWindow with { Stride = 1 } }, detector.Detector.Basis.Preprocessing);
            foreach (var rule in detector.Detector.RuleNames)
            {
                var result = MachineResult.Of(machine, seed, rule, SeriesDetection.Score(detector.Detector.Use(rule), windows));
                Console.Error.WriteLine(JsonSerializer.Serialize(result, Arguments.Json));
                yield return result;
            }
        }
        finally
        {
            File.Delete(training);
            File.Delete(test);
        }
    }

    private static IEnumerable<float[]> Blocks(SampleStore store)
    {
        const int Block = 1024;
        for (var start = 0L; start < store.Count; start += Block)
        {
            var block = new float[(int)Math.Min(Block, store.Count - start) * store.SampleLength];
            store.Read(start, block.Length / store.SampleLength, block);
            yield return block;
        }
    }

    /// <summary>One machine's file.</summary>
    private sealed record Machine(string Name, IReadOnlyList<float[]> Train, IReadOnlyList<float[]> Test, bool[] Anomalous, IReadOnlyList<(StepRange Rows, int[] Metrics)> Interpretation)
    {
        public static Machine Read(string path)
        {
            var name = Path.GetFileNameWithoutExtension(path);
            var interpretation = File.ReadAllLines(path.Replace(".npz", "_interpretation.txt", StringComparison.Ordinal)).Where(line => line.Contains(':', StringComparison.Ordinal))
                .Select(line => line.Split('-', ':')).Select(parts => (new StepRange(Number(parts[0]), Number(parts[1])), parts[2].Split(',').Select(Number).ToArray()));
            using var labelled = DataFile.Apply(path, new ReadOptions { Key = "test", Label = "test_label" }, Plain(path));
            return new Machine(name, Rows(path, "train"), Rows(path, "test"), [.. labelled.Labels!.Codes.Select(code => labelled.Labels.Names[code] is not "0")], [.. interpretation]);
        }

        public static void Write(IReadOnlyList<float[]> rows, string path) => File.WriteAllLines(path, rows
            .Select(row => string.Join(',', row.Select(value => value.ToString(CultureInfo.InvariantCulture)))).Prepend(string.Join(',', Enumerable.Range(1, rows[0].Length).Select(Metric))));

        public static string Metric(int number) => string.Create(CultureInfo.InvariantCulture, $"metric {number}");

        private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

        private static Hourglass.Preprocessing.SamplePreprocessing Plain(string path)
        {
            using var data = DataFile.Prepare(path, new ReadOptions { Key = "train" }, new PreparationOptions { Validation = 0, Scaling = Scaling.None });
            return data.Preprocessing;
        }

        private static List<float[]> Rows(string path, string key)
        {
            using var data = DataFile.Apply(path, new ReadOptions { Key = key }, Plain(path));
            return [.. Blocks(data.Samples).SelectMany(block => block.Chunk(data.Samples.SampleLength))];
        }
    }

    /// <summary>Figures of one rule on one machine; hit rates are the true metrics' share among as many, or half as many more, of the largest contributions.</summary>
    private sealed record MachineResult(string Machine, int Seed, string Rule, double VusPr, double VusRoc, double Auroc, double AveragePrecision, double HitRate, double HitRateOfHalfMore)
    {
        public static MachineResult Of(Machine machine, int seed, string rule, StepScores steps)
        {
            var volume = VolumeUnderSurface.Of(steps.Scores, machine.Anomalous);
            return new MachineResult(machine.Name, seed, rule, volume.PrecisionRecall, volume.Roc, Ranking.Auroc(steps.Scores, machine.Anomalous), Ranking.AveragePrecision(steps.Scores, machine.Anomalous), Hits(machine, steps, 1), Hits(machine, steps, 1.5));
        }

        public static object Mean(string rule, IReadOnlyList<MachineResult> results) => new
        {
            rule,
            vusPr = results.Average(result => result.VusPr),
            vusRoc = results.Average(result => result.VusRoc),
            auroc = results.Average(result => result.Auroc),
            averagePrecision = results.Average(result => result.AveragePrecision),
            hitRate = results.Average(result => result.HitRate),
            hitRateOfHalfMore = results.Average(result => result.HitRateOfHalfMore),
        };

        private static double Hits(Machine machine, StepScores steps, double share) => machine.Interpretation.Average(entry =>
        {
            var named = steps.Between(entry.Rows.First, Math.Min(entry.Rows.Last, steps.Scores.Length - 1)).Take((int)Math.Round(share * entry.Metrics.Length)).Select(channel => channel.Channel).ToHashSet(StringComparer.Ordinal);
            return entry.Metrics.Average(metric => named.Contains(ServerMachines.Machine.Metric(metric)) ? 1.0 : 0);
        });
    }
}
