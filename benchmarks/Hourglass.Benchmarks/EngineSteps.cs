using System.Diagnostics;
using System.Globalization;
using Hourglass.Engine;
using TorchSharp;
using static TorchSharp.torch;

namespace Hourglass.Benchmarks;

/// <summary>What a step by automatic differentiation allocates, and what it costs where freed memory goes back to the system and where it is kept.</summary>
/// <remarks>The allocator's own rule learns from what is freed, so that each turn has a process of its own.</remarks>
internal static class EngineSteps
{
    public const string Word = "engine-turn";
    private const int Rounds = 3;
    private static readonly TimeSpan Piece = TimeSpan.FromSeconds(1.5);

    public static int Run(string[] args)
    {
        var (only, threads) = (Arguments.Text(args, "--only") ?? "", Arguments.Number(args, "--threads", 1));
        Console.WriteLine($"{SpeedMachine.Processor}; {threads} thread(s); medians of {Rounds} processes of {Piece.TotalSeconds} s each after as long a start");
        Console.WriteLine($"{"",-48} {"",14} {"",8} | {"memory goes back",29} | {"memory is kept",29} |");
        Console.WriteLine($"{"a step of",-48} {"managed bytes",14} {"tensors",8} | {"ms",8} {"faults",8} {"peak, MB",11} | {"ms",8} {"faults",8} {"peak, MB",11} | {"ratio",6}");
        foreach (var model in EngineModel.All.Where(model => model.Name.Contains(only, StringComparison.Ordinal)))
        {
            var pairs = Enumerable.Range(0, Rounds).Select(_ => (Back: Turn(model, threads, isKept: false), Kept: Turn(model, threads, isKept: true))).ToList();
            string Median(Func<(double[] Back, double[] Kept), double> figure, string format = "N0") => pairs.Select(figure).Order().ElementAt(Rounds / 2).ToString(format, CultureInfo.InvariantCulture);
            Console.WriteLine($"{model.Name,-48} {Median(pair => pair.Kept[1]),14} {Median(pair => pair.Kept[2]),8} | {Median(pair => pair.Back[0], "N2"),8} {Median(pair => pair.Back[3]),8} {Median(pair => pair.Back[4]),11} | "
                + $"{Median(pair => pair.Kept[0], "N2"),8} {Median(pair => pair.Kept[3]),8} {Median(pair => pair.Kept[4]),11} | {Median(pair => pair.Back[0] / pair.Kept[0], "N2"),6}");
        }

        return 0;
    }

    /// <summary>One process: milliseconds, managed bytes, tensors and page faults a step, and the most memory held, in MB.</summary>
    public static int RunTurn(string[] args)
    {
        set_num_threads(Arguments.Number(args, "--threads", 1));
        using var memory = Array.IndexOf(args, "--kept") >= 0 ? EngineMemory.Keep() : null;
        using var scene = new EngineScene(EngineModel.All.First(model => model.Name == args[1]));
        Repeat(scene.Step);
        var statistics = DisposeScopeManager.Statistics.TensorStatistics;
        var (bytes, tensors, faults, clock) = (GC.GetAllocatedBytesForCurrentThread(), Created(statistics), Faults(), Stopwatch.StartNew());
        var steps = Repeat(scene.Step);
        var time = clock.Elapsed.TotalMilliseconds;
        double[] figures = [time / steps, (double)(GC.GetAllocatedBytesForCurrentThread() - bytes) / steps, (double)(Created(statistics) - tensors) / steps, (double)(Faults() - faults) / steps, Process.GetCurrentProcess().PeakWorkingSet64 / 1e6];
        Console.WriteLine(string.Join(' ', figures.Select(figure => figure.ToString(CultureInfo.InvariantCulture))));
        return 0;
    }

    private static double[] Turn(EngineModel model, int threads, bool isKept)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(EngineSteps).Assembly.Location, Word, model.Name, "--threads", threads.ToString(CultureInfo.InvariantCulture), .. isKept ? (string[])["--kept"] : []]) { RedirectStandardOutput = true, UseShellExecute = false };
        using var process = Process.Start(start)!;
        var line = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? [.. line.Split(' ').Select(figure => double.Parse(figure, CultureInfo.InvariantCulture))] : throw new InvalidOperationException($"A turn of '{model.Name}' ended with {process.ExitCode}.");
    }

    private static int Repeat(Action work)
    {
        var (clock, times) = (Stopwatch.StartNew(), 0);
        for (; clock.Elapsed < Piece; times++)
        {
            work();
        }

        return times;
    }

    private static long Created(LifetimeStatistics statistics) => statistics.CreatedInScopeCount + statistics.CreatedOutsideScopeCount;

    // Tenth field of /proc/self/stat: pages that memory new to the process brought in; 0 where there is no such file.
    private static long Faults()
    {
        const string Path = "/proc/self/stat";
        return File.Exists(Path) ? long.Parse(File.ReadAllText(Path).Split(' ')[9], CultureInfo.InvariantCulture) : 0;
    }
}
