using System.Globalization;
using System.Text.Json;
using Hourglass.Data;
using Hourglass.Detection.Calibration;
using Hourglass.Tasks.AnomalyDetection;

namespace Hourglass.Benchmarks;

/// <summary>Whole detectors on generated tables of many shapes: whether the realised rate of false alarms lies where the detector says.</summary>
internal static class FalseAlarms
{
    private static readonly double[] Rates = [0.1, 0.05, 0.01];
    private const int Fresh = 4000;

    public static int Run(string[] args)
    {
        var sets = Arguments.Number(args, "--sets", 200);
        var folder = Directory.CreateTempSubdirectory("hourglass-false-alarms").FullName;
        var standard = new DetectorOptions();
        var options = standard with { Members = Arguments.Number(args, "--members", standard.Members), Steps = Arguments.Number(args, "--steps", standard.Steps), Folds = Arguments.Number(args, "--folds", 0) };
        var rows = Arguments.Number(args, "--rows", 0);
        var results = new List<SetResult>();
        try
        {
            for (var set = 0; set < sets; set++)
            {
                results.AddRange(Measure(folder, new GeneratedTable(set), rows, options with { Member = options.Member with { Training = options.Member.Training with { Seed = set + 1 } } }));
                Console.Error.Write($"\r{set + 1}/{sets}");
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        Console.Error.WriteLine();
        Print(results, args.Contains("--json"));
        return 0;
    }

    private static IEnumerable<SetResult> Measure(string folder, GeneratedTable table, int rows, DetectorOptions options)
    {
        rows = rows > 0 ? rows : table.Rows;
        var (normal, fresh) = (Path.Combine(folder, "normal.csv"), Path.Combine(folder, "fresh.csv"));
        table.Write(normal, rows, 1);
        table.Write(fresh, Fresh, 2);
        using var detector = AnomalyDetector.Fit(new DetectRequest { Data = normal, Read = new ReadOptions { Header = true }, Detector = options });
        var (calibration, scores, drift) = (detector.Detector.Calibration, detector.Score(fresh), detector.Detector.Drift(onlyNormal: true));
        Array.ForEach(scores, drift.Add);
        foreach (var rate in Rates.Where(rate => rate >= calibration.SmallestRate))
        {
            var threshold = calibration.Threshold(new FalseAlarmRule { Rate = rate });
            var (rank, above) = calibration.Rank(rate);
            var alarms = scores.LongCount(threshold.IsAlarm);
            yield return new SetResult(table.Set, rows, table.Columns, calibration.HeldOut.Count, rate, alarms / (double)scores.Length, Holds(0.95), Holds(0.99), alarms > FalseAlarmInterval.Alarms(rank, above, calibration.HeldOut.Count, scores.Length, 0.99).High, drift.HasDrifted);

            bool Holds(double confidence) => FalseAlarmInterval.Alarms(rank, above, calibration.HeldOut.Count, scores.Length, confidence) is var (low, high) && alarms >= low && alarms <= high;
        }
    }

    private static void Print(List<SetResult> results, bool asJson)
    {
        var rows = results.GroupBy(result => result.Promised).Select(group => new
        {
            promised = group.Key,
            sets = group.Count(),
            mean = Math.Round(group.Average(result => result.Realised), 5),
            expected = Math.Round(group.Average(result => Math.Floor(result.Promised * (result.HeldOut + 1) * (1 + 1e-12)) / (result.HeldOut + 1)), 5),
            within95 = group.Average(result => result.Within95 ? 1.0 : 0),
            within99 = group.Average(result => result.Within99 ? 1.0 : 0),
            tooMany = group.Average(result => result.TooMany ? 1.0 : 0),
            spread = Math.Round(Math.Sqrt(group.Average(result => Math.Pow(result.Realised - group.Average(other => other.Realised), 2))), 5),
            drift = group.Average(result => result.Drift ? 1.0 : 0),
        }).ToList();
        if (asJson)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { rates = rows, sets = results }, Arguments.Json));
            return;
        }

        Console.WriteLine("promised   sets   realised, mean   expected, mean   within its 95 % interval   within its 99 % interval   above it   spread   drift warned");
        foreach (var row in rows)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{RateText.Write(row.promised),-8} {row.sets,6} {row.mean,16:0.0000} {row.expected,16:0.0000} {row.within95,26:0.0 %} {row.within99,26:0.0 %} {row.tooMany,10:0.0 %} {row.spread,8:0.0000} {row.drift,14:0.0 %}"));
        }
    }

    private sealed record SetResult(int Set, int Rows, int Columns, long HeldOut, double Promised, double Realised, bool Within95, bool Within99, bool TooMany, bool Drift);
}

/// <summary>Tables whose columns hang together through factors: light and heavy tails, categories, missing values, 200 to 3,000 rows, 3 to 20 columns.</summary>
internal sealed class GeneratedTable
{
    private readonly int _factors;
    private readonly double[][] _loadings;

    public GeneratedTable(int set)
    {
        var random = new Random(1000 + set);
        (Set, Rows, Columns) = (set, (int)(200 * Math.Pow(15, random.NextDouble())), 3 + random.Next(18));
        _factors = 1 + random.Next(4);
        _loadings = [.. Enumerable.Range(0, Columns).Select(_ => Enumerable.Range(0, _factors).Select(_ => Normal(random)).ToArray())];
    }

    public int Set { get; }

    public int Rows { get; }

    public int Columns { get; }

    public void Write(string path, int rows, int part)
    {
        var random = new Random((Set * 10) + part);
        File.WriteAllLines(path, Enumerable.Range(0, rows).Select(_ => Row(random)).Prepend(string.Join(',', Enumerable.Range(1, Columns).Select(column => $"c{column}"))));
    }

    private string Row(Random random)
    {
        var factors = Enumerable.Range(0, _factors).Select(_ => Normal(random)).ToArray();
        return string.Join(',', _loadings.Select((loading, column) => Field(loading.Zip(factors, (weight, factor) => weight * factor).Sum() + (0.3 * Normal(random)), column, random)));
    }

    private string Field(double value, int column, Random random) => ((column + Set) % 6) switch
    {
        0 or 1 => value.ToString("0.#####", CultureInfo.InvariantCulture),
        2 => Math.Exp(1.5 * value).ToString("0.#####", CultureInfo.InvariantCulture), // heavy tail
        3 => random.NextDouble() < 0.05 ? "" : Math.Tanh(value).ToString("0.#####", CultureInfo.InvariantCulture),
        4 => value < -1 ? "low" : value > 1 ? "high" : "middle",
        _ => Math.Floor(value * 2).ToString("0", CultureInfo.InvariantCulture),
    };

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
