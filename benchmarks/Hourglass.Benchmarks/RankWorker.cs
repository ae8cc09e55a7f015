using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Hourglass.Collectives;
using Hourglass.Data;
using Hourglass.Data.Stores;
using Hourglass.Networks.Dense;
using Hourglass.Objectives;
using Hourglass.Preprocessing;
using Hourglass.Training;
using static TorchSharp.torch;

namespace Hourglass.Benchmarks;

/// <summary>What one rank of a measurement does, and how the measuring process starts all of them.</summary>
internal static class RankWorker
{
    /// <summary>The argument that makes this program a rank.</summary>
    public const string Word = "rank-worker";

    private const int Repeats = 12;

    /// <summary>Trains, or sums vectors, with the other ranks; rank 0 prints what it took.</summary>
    public static int Run(string[] args)
    {
        if (args.Contains("--messages"))
        {
            Environment.SetEnvironmentVariable(Collective.SharedMemoryVariable, "0");
        }

        using var ranks = Collective.Join();
        set_num_threads(1);
        object result = Arguments.Text(args, "--widths") is { } widths
            ? Train(ranks, [.. widths.Split(',').Select(width => int.Parse(width, CultureInfo.InvariantCulture))], Arguments.Number(args, "--batch", 256))
            : Arguments.Text(args, "--file") is { } file ? Ingest.Together(ranks, file, Arguments.Number(args, "--rounds", 3), args.Contains(Ingest.Windows)) : Sum(ranks);
        if (ranks.Rank == 0)
        {
            Console.WriteLine(JsonSerializer.Serialize(result, Arguments.Json));
        }

        return 0;
    }

    /// <summary>Starts ranks of this program, one thread each, and reads what rank 0 prints.</summary>
    /// <param name="ranks">How many; one is started without a launcher.</param>
    /// <param name="launcher">Words of the launcher.</param>
    /// <param name="arguments">Of the worker.</param>
    public static T Start<T>(int ranks, IReadOnlyList<string> launcher, params string[] arguments)
    {
        string[] program = ["dotnet", typeof(RankWorker).Assembly.Location, Word, .. arguments];
        var isReading = arguments.Contains("--file"); // which takes all processors it may use: a rank has one
        string[] words = ranks == 1 ? [.. isReading ? new[] { "taskset", "-c", "0" } : [], .. program] : [.. launcher, "-n", ranks.ToString(CultureInfo.InvariantCulture), .. program];
        var info = new ProcessStartInfo(words[0], words[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        info.Environment["TERM"] = "dumb";
        using var process = Process.Start(info)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.WaitForExit();
        return process.ExitCode == 0 ? JsonSerializer.Deserialize<T>(output.Result, Arguments.Json)! : throw new InvalidOperationException($"{string.Join(' ', words)}: {error.Result}");
    }

    // Seconds of a step and of its exchange: the median and the least disturbed of several runs.
    private static StepTimes Train(ICollective ranks, int[] widths, int batch)
    {
        var steps = Math.Clamp((1 << 22) / (batch * widths[0] / 4), 16, 512);
        using var store = Store(widths[0], 4096);
        var order = Enumerable.Range(0, steps * batch * ranks.Size).Select(number => (long)(number % 4096)).ToArray();
        var times = new List<(double Step, double Exchange)>();
        using var model = new Autoencoder(new AutoencoderOptions
        {
            Input = new InputOptions { Shape = [widths[0]], IsUnitInterval = true, Blocks = [new FeatureBlock("values", 0, widths[0], FeatureBlockKind.Numeric)] },
            LatentSize = widths[^1],
            Network = new DenseNetworkOptions { Hidden = widths[1..^1] },
            Objective = new BinaryCrossEntropyOptions(),
            Training = new TrainingOptions { Epochs = 1, BatchSize = batch, Patience = null },
        });
        for (var repeat = 0; repeat <= Repeats; repeat++)
        {
            using var trainer = new Trainer(model, store, new SampleSplit(order, [])) { Ranks = ranks };
            var history = trainer.Run();
            times.Add((history.Seconds / steps, history.Profile!.Exchange / steps));
        }

        times.RemoveAt(0); // compiled in the first
        var ordered = times.OrderBy(time => time.Step).ToList();
        return new StepTimes(model.parameters().Sum(parameter => parameter.numel()), batch, ordered[Repeats / 2].Step, ordered[0].Step, ordered.Min(time => time.Exchange));
    }

    private static List<SumTime> Sum(ICollective ranks)
    {
        var times = new List<SumTime>();
        foreach (var length in new[] { 256, 4096, 32_768, 131_072, 524_288, 2_097_152, 8_388_608 })
        {
            using var room = ranks.Room(length);
            var best = double.PositiveInfinity;
            for (var repeat = 0; repeat < Math.Clamp((1 << 26) / length, 8, 400); repeat++)
            {
                var clock = Stopwatch.StartNew();
                ranks.Sum(room.Values(length));
                best = Math.Min(best, clock.Elapsed.TotalSeconds);
            }

            times.Add(new SumTime(length, best));
        }

        return times;
    }

    private static SampleStore Store(int width, int samples)
    {
        var random = new Random(1);
        using var writer = SampleStore.CreateTemporary(null, [width], ElementType.Float32);
        var row = new float[width];
        for (var sample = 0; sample < samples; sample++)
        {
            for (var value = 0; value < width; value++)
            {
                row[value] = random.NextSingle();
            }

            writer.Append(row);
        }

        return writer.Finish();
    }
}

/// <summary>Seconds of a training step.</summary>
/// <param name="Parameters">Weights of the model.</param>
/// <param name="Batch">Samples of each rank.</param>
/// <param name="Median">A step, over several runs.</param>
/// <param name="Best">A step, in the run least disturbed.</param>
/// <param name="Exchange">Of a step, in the run where it was least: waiting for the other rank included.</param>
internal sealed record StepTimes(long Parameters, int Batch, double Median, double Best, double Exchange);

/// <summary>Seconds of a sum over ranks.</summary>
/// <param name="Length">Float32 values.</param>
/// <param name="Seconds">The least.</param>
internal sealed record SumTime(int Length, double Seconds);
