using System.Diagnostics;
using System.Globalization;
using System.Text;
using Hourglass.Data;

namespace Hourglass.Benchmarks;

/// <summary>From a file to a sample store: by the clock and in processor time, for training (kinds, split, statistics, scaling) and with known preprocessing.</summary>
internal static class Ingest
{
    private const int Columns = 30;

    public static int Run(string[] args)
    {
        var (rows, rounds, only) = (Arguments.Number(args, "--rows", 1_000_000), Arguments.Number(args, "--rounds", 3), Arguments.Text(args, "--only") ?? "");
        var folder = Directory.CreateTempSubdirectory().FullName;
        var results = new List<IngestRow>();
        var table = args.Contains("--json") ? Console.Error : Console.Out;
        table.WriteLine(SpeedMachine.Processor);
        table.WriteLine($"{"file",-8} {"for",-10} {"MB",7} {"seconds",8} {"MB/s",6} {"processor s",12}");
        try
        {
            foreach (var file in Files(folder, rows, only))
            {
                foreach (var row in Measure(file, rounds))
                {
                    results.Add(row);
                    table.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row.File,-8} {row.Purpose,-10} {row.Megabytes,7:0.0} {row.Seconds,8:0.00} {row.Megabytes / row.Seconds,6:0} {row.ProcessorSeconds,12:0.00}"));
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
        var (csv, parquet) = (Path.Combine(folder, "rows.csv"), Path.Combine(folder, "rows.parquet"));
        var columns = SpeedScoring.Draw(rows);
        if ("csv".Contains(only, StringComparison.Ordinal))
        {
            WriteCsv(csv, columns);
            yield return csv;
        }

        if ("parquet".Contains(only, StringComparison.Ordinal))
        {
            SpeedScoring.WriteParquetAsync(parquet, columns).GetAwaiter().GetResult();
            yield return parquet;
        }
    }

    // The best of some rounds: the file is in the system's cache, and the store goes there.
    private static IEnumerable<IngestRow> Measure(string file, int rounds)
    {
        var (name, size) = (Path.GetExtension(file)[1..], new FileInfo(file).Length / 1e6);
        using var first = DataFile.Prepare(file, new ReadOptions(), new PreparationOptions());
        var preprocessing = first.Preprocessing;
        yield return Best("training", () => DataFile.Prepare(file, new ReadOptions(), new PreparationOptions()));
        yield return Best("scoring", () => DataFile.Apply(file, new ReadOptions(), preprocessing));

        IngestRow Best(string purpose, Func<PreparedData> read) => Enumerable.Range(0, rounds).Select(_ =>
        {
            var (clock, processor) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
            using var data = read();
            return new IngestRow(name, purpose, size, clock.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - processor).TotalSeconds);
        }).MinBy(row => row.Seconds)!;
    }

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
