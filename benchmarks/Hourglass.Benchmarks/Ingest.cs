using System.Diagnostics;
using System.Globalization;
using System.Text;
using Hourglass.Collectives;
using Hourglass.Data;
using Hourglass.Data.Output;
using Hourglass.Preprocessing;

namespace Hourglass.Benchmarks;

/// <summary>From a file to a sample store: by the clock and in processor time, for training (kinds, split, statistics, scaling) and with known preprocessing.</summary>
internal static class Ingest
{
    /// <summary>The argument that asks for windows of rows instead of rows.</summary>
    public const string Windows = "--windows";

    private const int Columns = 30;

    public static int Run(string[] args)
    {
        var (rows, rounds, only, windows) = (Arguments.Number(args, "--rows", 1_000_000), Arguments.Number(args, "--rounds", 3), Arguments.Text(args, "--only") ?? "", args.Contains(Windows));
        var folder = Directory.CreateTempSubdirectory().FullName;
        var results = new List<IngestRow>();
        var table = args.Contains("--json") ? Console.Error : Console.Out;
        table.WriteLine(SpeedMachine.Processor);
        table.WriteLine($"{"file",-8} {"for",-40} {"MB",7} {"seconds",8} {"MB/s",6} {"processor s",12}");
        try
        {
            foreach (var file in Files(folder, rows, only))
            {
                if (Arguments.Number(args, "--ranks", 1) is var ranks and > 1)
                {
                    MeasureRanks(file, ranks, rounds, windows, table);
                    continue;
                }

                foreach (var row in Measure(file, rounds, windows))
                {
                    results.Add(row);
                    table.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row.File,-8} {row.Purpose,-40} {row.Megabytes,7:0.0} {row.Seconds,8:0.00} {row.Megabytes / row.Seconds,6:0} {row.ProcessorSeconds,12:0.00}"));
                }
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        if (args.Contains("--json"))
        {
            Console.WriteLine(System.Text.Json.JsonSerializer.Serialize(new { machine = SpeedMachine.Processor, rows = results }, Arguments.Json));
        }

        return 0;
    }

    private static IEnumerable<string> Files(string folder, int rows, string only)
    {
        var (csv, parquet, array) = (Path.Combine(folder, "rows.csv"), Path.Combine(folder, "rows.parquet"), Path.Combine(folder, "rows.npy"));
        var columns = ScoringScene.Draw(rows);
        if (only == "npy")
        {
            WriteArray(array, columns);
            yield return array;
        }

        if ("csv".Contains(only, StringComparison.Ordinal))
        {
            WriteCsv(csv, columns);
            yield return csv;
        }

        if ("parquet".Contains(only, StringComparison.Ordinal))
        {
            ScoringScene.WriteParquetAsync(parquet, columns).GetAwaiter().GetResult();
            yield return parquet;
        }
    }

    // The best of some rounds: the file is in the system's cache, and the store goes there.
    private static IEnumerable<IngestRow> Measure(string file, int rounds, bool windows)
    {
        var (name, size) = (Path.GetExtension(file)[1..], new FileInfo(file).Length / 1e6);
        var read = Options(windows);
        using var first = DataFile.Prepare(file, read, new PreparationOptions());
        var preprocessing = first.Preprocessing;
        yield return Best("training", () => DataFile.Prepare(file, read, new PreparationOptions()));
        yield return Best("scoring", () => DataFile.Apply(file, read, preprocessing));
        for (var threads = 1; name == "parquet" && threads <= Environment.ProcessorCount; threads *= 2)
        {
            yield return Best($"columns into memory, threads {threads}", () => Done(() => ParquetReaders.Read(file, threads)));
            yield return Best($"the same by Parquet.Net, threads {threads}", () => Done(() => ParquetReaders.ReadByLibrary(file, threads)));
        }

        static IDisposable? Done(Action work)
        {
            work();
            return null;
        }

        IngestRow Best(string purpose, Func<IDisposable?> read) => Enumerable.Range(0, rounds).Select(_ =>
        {
            var (clock, processor) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
            using var data = read();
            return new IngestRow(name, purpose, size, clock.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - processor).TotalSeconds);
        }).MinBy(row => row.Seconds)!;
    }

    /// <summary>What a rank does: reads a file with the others, some times.</summary>
    /// <returns>Seconds of the best round.</returns>
    public static double[] Together(ICollective ranks, string file, int rounds, bool windows)
    {
        var (training, scoring, preprocessing, options) = (double.PositiveInfinity, double.PositiveInfinity, default(SamplePreprocessing), Options(windows));
        for (var round = 0; round < rounds; round++)
        {
            training = Math.Min(training, Seconds(() => DataFile.Prepare(file, options, new PreparationOptions(), ranks)));
            scoring = Math.Min(scoring, Seconds(() => DataFile.Apply(file, options, preprocessing!, ranks)));
        }

        return [training, scoring];

        double Seconds(Func<PreparedData> read)
        {
            ranks.Gather([]); // all begin together
            var clock = Stopwatch.StartNew();
            using var data = read();
            preprocessing = data.Preprocessing;
            return clock.Elapsed.TotalSeconds;
        }
    }

    // One process on one processor, and several that share the reading.
    private static void MeasureRanks(string file, int ranks, int rounds, bool windows, TextWriter table)
    {
        var launcher = RankLauncher.Find() ?? throw new InvalidOperationException("No MPI launcher is on the path (Debian: openmpi-bin or mpich).");
        var (alone, together) = (Start(1), Start(ranks));
        var size = new FileInfo(file).Length / 1e6;
        foreach (var (purpose, place) in new[] { ("training", 0), ("scoring", 1) })
        {
            table.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Path.GetExtension(file)[1..],-8} {purpose,-10} {size,7:0.0} one process on one processor {alone[place]:0.00} s, {ranks} ranks {together[place]:0.00} s: {alone[place] / together[place]:0.00}x ({launcher.Name})"));
        }

        double[] Start(int count) => RankWorker.Start<double[]>(count, launcher.Words, "--file", file, "--rounds", rounds.ToString(CultureInfo.InvariantCulture), windows ? Windows : "");
    }

    private static ReadOptions Options(bool windows) => new() { Window = windows ? new WindowOptions(100, 10) : null };

    private static void WriteArray(string path, float[][] columns) => ResultWriter.Write(path, new NumberTable
    {
        Columns = [.. Enumerable.Range(0, Columns).Select(column => $"c{column}")],
        Count = columns[0].Length,
        Blocks = Enumerable.Range(0, columns[0].Length).Select(row => columns.Select(column => column[row]).ToArray()),
    });

    private static void WriteCsv(string path, float[][] columns)
    {
        using var writer = new StreamWriter(path, false, new UTF8Encoding(false), 1 << 20);
        writer.Write(string.Join(',', Enumerable.Range(0, Columns).Select(column => $"c{column}")) + "\n");
        var text = new char[32];
        for (var row = 0; row < columns[0].Length; row++)
        {
            for (var column = 0; column < Columns; column++)
            {
                ((double)columns[column][row]).TryFormat(text, out var length, "G6", CultureInfo.InvariantCulture);
                writer.Write(text, 0, length);
                writer.Write(column == Columns - 1 ? '\n' : ',');
            }
        }
    }

    private sealed record IngestRow(string File, string Purpose, double Megabytes, double Seconds, double ProcessorSeconds);
}
