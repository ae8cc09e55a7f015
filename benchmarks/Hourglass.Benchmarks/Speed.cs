using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using static TorchSharp.torch;

namespace Hourglass.Benchmarks;

/// <summary>Pieces of work done by Hourglass and by a peer in turn, so that a busy machine slows both alike; medians of their ratios.</summary>
internal static class Speed
{
    private const int Rounds = 7;

    public static int Run(string[] args)
    {
        var only = Array.IndexOf(args, "--only") is var place and >= 0 ? args[place + 1] : "";
        Console.Error.WriteLine($"{Environment.ProcessorCount} processors, {RuntimeVersions()}");
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"work",-46} {"peer",-12} {"ours/s",12} {"peer's/s",12} {"ratio",7} {"floor",6}"));
        var rows = new List<object>();
        foreach (var work in SpeedWorks.All().Where(work => work.Name.Contains(only, StringComparison.Ordinal)))
        {
            var (ours, theirs, ratio) = Compare(work);
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{work.Name,-46} {work.Peer,-12} {ours,12:N0} {theirs,12:N0} {ratio,7:0.00} {work.Floor,6:0.0}"));
            rows.Add(new { work = work.Name, peer = work.Peer, ratio = Math.Round(ratio, 3), floor = work.Floor, ours = Math.Round(ours), theirs = Math.Round(theirs) });
        }

        if (args.Contains("--json"))
        {
            Console.WriteLine(JsonSerializer.Serialize(new { machine = $"{Environment.ProcessorCount} processors", versions = RuntimeVersions(), rows }));
        }

        return 0;
    }

    private static (double Ours, double Theirs, double Ratio) Compare(SpeedWork work)
    {
        set_num_threads(work.Threads);
        using var contest = work.Prepare();
        contest.Ours();
        contest.Peer(); // both are compiled and warm
        contest.Ours();
        var (ours, theirs, ratios) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            var (mine, other) = (Rate(contest.Ours, contest.Units), Rate(contest.Peer, contest.Units));
            ours.Add(mine);
            theirs.Add(other);
            ratios.Add(mine / other);
        }

        return (Median(ours), Median(theirs), Median(ratios));
    }

    private static double Rate(Action work, double units)
    {
        var clock = Stopwatch.StartNew();
        work();
        return units / clock.Elapsed.TotalSeconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static string RuntimeVersions() => $".NET {Environment.Version}, TorchSharp {typeof(TorchSharp.torch).Assembly.GetName().Version}, {Kernels.DenseKernels.Widest.Bits}-bit vectors";
}

/// <summary>One row of the table.</summary>
/// <param name="Name">What is done.</param>
/// <param name="Peer">Beside whom.</param>
/// <param name="Threads">Threads for both.</param>
/// <param name="Floor">The least ratio that we accept.</param>
/// <param name="Prepare">Makes data and models.</param>
internal sealed record SpeedWork(string Name, string Peer, int Threads, double Floor, Func<SpeedContest> Prepare);

/// <summary>The two that do the work.</summary>
/// <param name="Units">Samples in one piece.</param>
/// <param name="Ours">A piece done by Hourglass.</param>
/// <param name="Peer">The same done by the peer.</param>
/// <param name="Resources">Let go at the end.</param>
internal sealed record SpeedContest(double Units, Action Ours, Action Peer, params IDisposable[] Resources) : IDisposable
{
    public void Dispose() => Array.ForEach(Resources, resource => resource.Dispose());
}
