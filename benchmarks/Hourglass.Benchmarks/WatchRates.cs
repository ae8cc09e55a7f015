using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Hourglass.Data.Streams;
using Hourglass.Detection;
using Hourglass.Detection.Streams;
using Hourglass.Tasks.AnomalyDetection;

namespace Hourglass.Benchmarks;

/// <summary>Rows that come at a fixed rate, scored by a detector: whether it keeps up, how long a row takes, whether memory stays flat.</summary>
/// <remarks>A row's latency runs from the moment it is due to the moment its alarm could be printed, so that a delay of the whole stream counts for every row it delays.</remarks>
internal static class WatchRates
{
    private const int Columns = 30;
    private const int Cycle = 20_000; // different lines

    public static int Run(string[] args)
    {
        var (rows, rate) = (Arguments.Number(args, "--rows", 10_000_000), Arguments.Number(args, "--rate", 50_000));
        if (Arguments.Number(args, "--machine", 0) is > 0 and var wait)
        {
            MachinePauses.Print(wait);
        }

        if (Arguments.Text(args, "--model") is { } model)
        {
            Measure(model, rows, rate, args);
            return 0;
        }

        var folder = Directory.CreateTempSubdirectory("hourglass-watch").FullName;
        try
        {
            var path = Path.Combine(folder, "detector.hourglass");
            Train(folder, path, Arguments.Number(args, "--train", 10_000));
            Measure(path, rows, rate, args);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return 0;
    }

    /// <summary>Writes a detector for the benchmark's rows.</summary>
    public static int Train(string[] args)
    {
        var path = Path.GetFullPath(Arguments.Text(args, "--out") ?? "watch.hourglass");
        Train(Path.GetDirectoryName(path)!, path, Arguments.Number(args, "--train", 10_000));
        return 0;
    }

    private static void Train(string folder, string path, int rows)
    {
        var normal = Path.Combine(folder, "normal.csv");
        File.WriteAllText(normal, $"{Header}\n{string.Join('\n', Lines(rows, 1))}\n");
        using (AnomalyDetector.Fit(new DetectRequest { Data = normal, Out = path }))
        {
            // Only its file is needed.
        }
    }

    private static string Header => string.Join(',', Enumerable.Range(1, Columns).Select(column => $"c{column}"));

    private static void Measure(string path, long rows, long rate, string[] args)
    {
        using var loaded = DetectorBundle.Open(path);
        var detector = Arguments.Text(args, "--use") is { } rule ? loaded.Use(rule) : loaded;
        var lines = Lines(Cycle, 2).Select(line => Encoding.UTF8.GetBytes(line + "\n")).ToArray();
        Watch(detector, new PacedFeed(lines, rate, Math.Min(rows, 2 * rate)), null); // compiled and warm
        var fastest = Watch(detector, new PacedFeed(lines, double.PositiveInfinity, Math.Min(rows, 200_000)), null);
        GC.Collect();
        var (before, histogram) = (Environment.WorkingSet, new long[1_000_000]); // latencies in microseconds; longer ones count as the last
        using var feed = new PacedFeed(lines, rate, rows);
        var (processor, collections) = (Process.GetCurrentProcess().TotalProcessorTime, new Collections());
        var seconds = Watch(detector, feed, histogram, collections);
        var collected = collections.Figures();
        var busy = (Process.GetCurrentProcess().TotalProcessorTime - processor).TotalSeconds;
        GC.Collect();
        var result = new
        {
            rule = detector.Rule.Name,
            rows,
            columns = Columns,
            asked = rate,
            rowsPerSecond = Math.Round(rows / seconds),
            fastest = Math.Round(Math.Min(rows, 200_000) / fastest),
            medianMilliseconds = Quantile(histogram, 0.5),
            p99Milliseconds = Quantile(histogram, 0.99),
            p999Milliseconds = Quantile(histogram, 0.999),
            longestMilliseconds = Quantile(histogram, 1),
            collected,
            processorMicroseconds = Math.Round(busy / rows * 1e6, 2),
            memoryAtStart = before >> 20,
            memoryAtEnd = Environment.WorkingSet >> 20,
        };
        Console.WriteLine(args.Contains("--json")
            ? JsonSerializer.Serialize(result, Arguments.Json)
            : string.Create(CultureInfo.InvariantCulture, $"{result.rule}: {rows:N0} rows of {Columns} columns at {result.rowsPerSecond:N0} rows/s (asked {rate:N0}; without pause {result.fastest:N0}); latency p50 {result.medianMilliseconds:0.00} ms, p99 {result.p99Milliseconds:0.00} ms, p99.9 {result.p999Milliseconds:0.00} ms, longest {result.longestMilliseconds:0.00} ms; {collected.Count} collections, {collected.PauseMilliseconds:0.0} ms in all, the longest {collected.LongestMilliseconds:0.0} ms, {collected.AllocatedBytes / rows} bytes a row; {result.processorMicroseconds:0.0} us of one processor for a row; memory {result.memoryAtStart} MB at the start, {result.memoryAtEnd} MB at the end"));
    }

    private static double Watch(Detector detector, PacedFeed feed, long[]? histogram, Collections? collections = null)
    {
        var done = 0L;
        var observer = new StreamObserver(Scored: counts =>
        {
            collections?.Look();
            for (var now = feed.Elapsed; histogram is not null && done < counts.Rows; done++)
            {
                histogram[(int)Math.Clamp((now - feed.Due(done)) * 1e6, 0, histogram.Length - 1)]++;
            }
        });
        var watch = new StreamWatch(detector, new StreamOptions { Header = Header }, observer);
        watch.Run(feed);
        return feed.Elapsed;
    }

    private static double Quantile(long[] histogram, double share)
    {
        var (left, total) = (0L, histogram.Sum());
        for (var place = 0; place < histogram.Length; place++)
        {
            left += histogram[place];
            if (left >= share * total)
            {
                return place / 1000.0;
            }
        }

        return histogram.Length / 1000.0;
    }

    // Columns that hang together through six factors, as sensors of one plant do.
    private static IEnumerable<string> Lines(int count, int seed)
    {
        var (weights, random) = (new Random(7), new Random(seed));
        var loadings = Enumerable.Range(0, Columns).Select(_ => Enumerable.Range(0, 6).Select(_ => (weights.NextDouble() * 2) - 1).ToArray()).ToArray();
        for (var row = 0; row < count; row++)
        {
            var factors = Enumerable.Range(0, 6).Select(_ => (random.NextDouble() * 4) - 2).ToArray();
            yield return string.Join(',', loadings.Select(loading =>
                (100 + (20 * Math.Tanh(loading.Zip(factors, (weight, factor) => weight * factor).Sum())) + random.NextDouble()).ToString("0.000", CultureInfo.InvariantCulture)));
        }
    }
}

/// <summary>Lines at a fixed rate; what is due is handed over at once, as a pipe does.</summary>
internal sealed class PacedFeed(byte[][] lines, double rate, long rows) : IByteFeed
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private long _next;

    public string Name => "paced rows";

    public bool IsEnded => _next == rows;

    /// <summary>Seconds since the start.</summary>
    public double Elapsed => _clock.Elapsed.TotalSeconds;

    /// <summary>When a row is due, in seconds since the start.</summary>
    public double Due(long row) => row / rate;

    public int Read(Memory<byte> room)
    {
        if (_next < rows && Due(_next) - Elapsed is var wait && wait > 0)
        {
            Thread.Sleep(TimeSpan.FromSeconds(wait < 0.001 ? 0.001 : wait)); // the system's timer is no finer
        }

        var filled = 0;
        for (var now = Elapsed; _next < rows && Due(_next) <= now && filled + lines[_next % lines.Length].Length <= room.Length; _next++)
        {
            var line = lines[_next % lines.Length];
            line.CopyTo(room[filled..]);
            filled += line.Length;
        }

        return filled;
    }

    public void Dispose()
    {
    }
}
