using System.Diagnostics;
using System.Globalization;
using Hourglass.Bundles;
using Hourglass.Data;
using Hourglass.Data.Output;
using Hourglass.Detection;
using Hourglass.Detection.Terms;
using Hourglass.Preprocessing;
using Hourglass.Tasks.AnomalyDetection;

namespace Hourglass.Benchmarks;

/// <summary>Tables with known anomalies, as ADBench keeps them: .npz files with X [row, column] and y (1 for an anomaly).</summary>
/// <remarks>Han et al. 2022, https://arxiv.org/abs/2206.09426; protocols of Livernoche et al. 2024, https://arxiv.org/abs/2305.18593:
/// semi trains on a random half of the normal rows and tests on all others; unsupervised trains on as many rows, drawn with replacement, and tests on all.
/// "generated" in the folder's place stands for the thirty tables of <see cref="GeneratedAnomalies"/> that the first seed draws.</remarks>
internal static class AdBench
{
    public static int Run(string[] args)
    {
        if (Arguments.Text(args, "--data") is not { } folder || Arguments.Text(args, "--protocol") is not ("semi" or "unsupervised"))
        {
            Console.Error.WriteLine("adbench --data FOLDER|generated --protocol semi|unsupervised [--seeds N] [--first-seed N] [--only WORDS] [--detector OPTIONS.json] [--json]");
            return 1;
        }

        var isSemi = Arguments.Text(args, "--protocol") == "semi";
        var seeds = Enumerable.Range(Arguments.Number(args, "--first-seed", 1), Arguments.Number(args, "--seeds", 1)).ToArray();
        var options = Arguments.Text(args, "--detector") is { } file ? BundleJson.Deserialize<DetectorOptions>(File.ReadAllText(file), file) : isSemi ? new DetectorOptions() : DetectorOptions.ForContaminated();
        var only = Arguments.Text(args, "--only")?.Split(',');
        var sets = Tables(folder, seeds[0]).Where(table => only is null || only.Any(word => table.Name.Contains(word, StringComparison.OrdinalIgnoreCase))).Select(table => Measure(table, options, isSemi, seeds)).ToList();
        if (args.Contains("--json", StringComparer.Ordinal))
        {
            Console.WriteLine(BundleJson.Serialize(new { protocol = Arguments.Text(args, "--protocol"), seeds = seeds.Length, firstSeed = seeds[0], mean = Mean(sets), sets }));
            return 0;
        }

        var mean = Mean(sets);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"mean of {sets.Count} sets: AUROC {mean.Auroc:0.00}, average precision {mean.AveragePrecision:0.00}; {string.Join(", ", mean.Rivals.Select(rival => $"{rival.Key} {rival.Value.Auroc:0.00}"))}"));
        return 0;
    }

    private static IEnumerable<Table> Tables(string folder, int seed) => folder == "generated"
        ? GeneratedAnomalies.All(seed).Select(table => new Table(table.Name, () => (table.Rows, table.Anomalous)))
        : Directory.GetFiles(folder, "*.npz").Order(StringComparer.Ordinal).Select(file => new Table(Path.GetFileNameWithoutExtension(file), () => Read(file)));

    private static SetResult Measure(Table table, DetectorOptions options, bool isSemi, int[] seeds)
    {
        var watch = Stopwatch.StartNew();
        var (rows, anomalous) = table.Read();
        var runs = seeds.Select(seed => Measure(rows, anomalous, options, isSemi, seed)).ToList();
        var figures = runs[0].Keys.ToDictionary(rule => rule, rule => Figures.Of([.. runs.Select(run => run[rule])]), StringComparer.Ordinal);
        var own = figures["autoencoder"];
        var result = new SetResult(table.Name, rows.Length, rows[0].Length, own.Auroc, own.AurocDeviation, own.AveragePrecision, figures.Where(pair => pair.Key != "autoencoder").ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal), Math.Round(watch.Elapsed.TotalSeconds, 1));
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{result.Set,-18} {own.Auroc,6:0.00} +- {own.AurocDeviation:0.00}  AP {own.AveragePrecision,6:0.00}  {string.Join("  ", result.Rivals.Select(rival => $"{rival.Key} {rival.Value.Auroc:0.00}"))}  {result.Seconds} s"));
        return result;
    }

    private static Dictionary<string, (double Auroc, double AveragePrecision)> Measure(float[][] rows, bool[] anomalous, DetectorOptions options, bool isSemi, int seed)
    {
        var random = new Random(seed);
        var (training, test) = isSemi ? Half(anomalous, random) : ([.. rows.Select(_ => random.Next(rows.Length))], [.. Enumerable.Range(0, rows.Length)]);
        var folder = Directory.CreateTempSubdirectory("hourglass-adbench").FullName;
        try
        {
            var (trainingFile, testFile) = (Path.Combine(folder, "training.npy"), Path.Combine(folder, "test.npy"));
            Write(trainingFile, training.Select(row => rows[row]), rows[0].Length);
            Write(testFile, test.Select(row => rows[row]), rows[0].Length);
            var seeded = options with { Rules = [.. options.Rules, .. Ablations(options.Rules[0])], Member = options.Member with { Training = options.Member.Training with { Seed = seed } } };
            using var data = DataFile.Prepare(trainingFile, new ReadOptions(), new PreparationOptions { Validation = DetectRequest.HeldOutShare, ByPlace = true, Seed = seed, Scaling = options.Scaling });
            using var detector = AnomalyDetector.Fit(data, seeded);
            using var tested = DataFile.Apply(testFile, new ReadOptions(), data.Preprocessing);
            using var labelled = new PreparedData
            {
                Samples = tested.Samples,
                Preprocessing = tested.Preprocessing,
                Description = tested.Description,
                Split = tested.Split,
                Labels = new SampleLabels(["normal", "anomaly"], [.. test.Select(row => anomalous[row] ? 1 : 0)]),
            };
            var figures = detector.Evaluate(labelled);
            return figures.Rivals.Append(new(figures.Rule, figures.Figures)).ToDictionary(rule => rule.Key, rule => (100 * rule.Value.Auroc, 100 * rule.Value.AveragePrecision), StringComparer.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // The first rule without its members, and what they reach alone.
    private static IEnumerable<RuleRecord> Ablations(RuleRecord rule)
    {
        var learnt = rule.Terms.Where(term => term is LatentNeighbourRecord or ReconstructionRecord { Source: ReconstructionSource.Members }).ToList();
        var others = rule.Terms.Except(learnt).ToList();
        return new[] { new RuleRecord("only members", learnt), new RuleRecord("without members", others) }.Where(ablation => ablation.Terms.Count > 0 && ablation.Terms.Count < rule.Terms.Count);
    }

    private static (int[] Training, int[] Test) Half(bool[] anomalous, Random random)
    {
        var normal = Enumerable.Range(0, anomalous.Length).Where(row => !anomalous[row]).ToArray();
        random.Shuffle(normal);
        return (normal[..(normal.Length / 2)], [.. normal[(normal.Length / 2)..], .. Enumerable.Range(0, anomalous.Length).Where(row => anomalous[row])]);
    }

    private static (float[][] Rows, bool[] Anomalous) Read(string file)
    {
        using var data = DataFile.Prepare(file, new ReadOptions { Key = "X", Label = "y" }, new PreparationOptions { Validation = 0, Scaling = Scaling.None });
        var labels = data.Labels ?? throw new HourglassException($"{file}: holds no array 'y' with one label for each row.");
        var rows = new float[data.Samples.Count][];
        for (var row = 0; row < rows.Length; row++)
        {
            rows[row] = new float[data.Samples.SampleLength];
            data.Samples.Read(row, 1, rows[row]);
        }

        return (rows, [.. labels.Codes.Select(code => double.Parse(labels.Names[code], CultureInfo.InvariantCulture) > 0)]);
    }

    private static void Write(string path, IEnumerable<float[]> rows, int columns) => ResultWriter.Write(path, new ResultTable
    {
        Columns = [.. Enumerable.Range(1, columns).Select(column => $"column {column}")],
        IsText = new bool[columns],
        Rows = rows.Select(row => row.Select(value => new Cell(value, null)).ToArray()),
    });

    private static MeanResult Mean(List<SetResult> sets) => new(
        sets.Average(set => set.Auroc), sets.Average(set => set.AveragePrecision),
        sets[0].Rivals.Keys.ToDictionary(rule => rule, rule => new Figures(sets.Average(set => set.Rivals[rule].Auroc), sets.Average(set => set.Rivals[rule].AurocDeviation), sets.Average(set => set.Rivals[rule].AveragePrecision)), StringComparer.Ordinal));

    private sealed record Table(string Name, Func<(float[][] Rows, bool[] Anomalous)> Read);

    private sealed record MeanResult(double Auroc, double AveragePrecision, Dictionary<string, Figures> Rivals);

    private sealed record SetResult(string Set, int Rows, int Columns, double Auroc, double AurocDeviation, double AveragePrecision, Dictionary<string, Figures> Rivals, double Seconds);

    private sealed record Figures(double Auroc, double AurocDeviation, double AveragePrecision)
    {
        public static Figures Of(IReadOnlyList<(double Auroc, double AveragePrecision)> runs)
        {
            var mean = runs.Average(run => run.Auroc);
            return new Figures(mean, Math.Sqrt(runs.Average(run => Math.Pow(run.Auroc - mean, 2))), runs.Average(run => run.AveragePrecision));
        }
    }
}
