using System.Globalization;
using System.Text.Json;
using Hourglass.Engine;
using static TorchSharp.torch;

namespace Hourglass.Benchmarks;

/// <summary>Pieces of work done by Hourglass and by its peers in turn, so that a busy machine slows all alike; medians of the ratios of each round.</summary>
internal static class Speed
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    // Each file of works brings its own list.
    private static IEnumerable<SpeedWork> Works() =>
    [
        .. SpeedDense.Works(),
        .. SpeedSparse.Works(),
        .. SpeedPictures.Works(),
        .. SpeedSeries.Works(),
        .. SpeedComponents.Works(),
        .. SpeedRanks.Works(),
        .. SpeedScoring.Works(),
    ];

    public static int Run(string[] args)
    {
        var only = Array.IndexOf(args, "--only") is var place and >= 0 ? args[place + 1] : "";
        var asJson = args.Contains("--json");
        var table = asJson ? Console.Error : Console.Out;
        table.WriteLine(SpeedMachine.Processor);
        var note = EngineConvolutions.AreRight() ? null : "oneDNN's convolutions are wrong on this machine: the engine's rates of convolutional models are no evidence here";
        table.Write(note is null ? "" : note + Environment.NewLine);
        table.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{"work",-50} {"peer",-18} {"ours",12} {"peer's",12} {"",-12} {"ratio",6} {"floor",6}"));
        var rows = new List<SpeedRow>();
        foreach (var work in Works().Where(work => work.Name.Contains(only, StringComparison.Ordinal)))
        {
            foreach (var row in Compare(work))
            {
                table.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row.Work,-50} {row.Peer,-18} {row.Ours,12:N1} {row.Theirs,12:N1} {row.Unit,-12} {row.Ratio,6:0.00} {row.Floor,6:0.00}{(row.Ratio < row.Floor ? "  below" : "")}"));
                rows.Add(row);
            }
        }

        var versions = SpeedMachine.Versions();
        table.WriteLine(string.Join(", ", versions.Select(version => $"{version.Key} {version.Value}")));
        foreach (var absent in PythonPeer.Absent)
        {
            table.WriteLine($"left out: {absent}");
        }

        if (asJson)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { machine = SpeedMachine.Processor, versions, leftOut = PythonPeer.Absent, note, rows }, Json));
        }

        return 0;
    }

    private static IEnumerable<SpeedRow> Compare(SpeedWork work)
    {
        set_num_threads(work.Threads);
        using var contest = work.Prepare();
        var peers = contest.Peers;
        contest.Ours();
        foreach (var peer in peers)
        {
            peer.Rate(); // all are compiled and warm
        }

        contest.Ours();
        var (ours, theirs) = (new double[work.Rounds], new double[peers.Count, work.Rounds]);
        for (var round = 0; round < work.Rounds; round++)
        {
            Settle();
            ours[round] = contest.Ours();
            for (var peer = 0; peer < peers.Count; peer++)
            {
                Settle();
                theirs[peer, round] = peers[peer].Rate();
            }
        }

        return [.. peers.Select((peer, number) =>
        {
            var other = Enumerable.Range(0, work.Rounds).Select(round => theirs[number, round]).ToArray();
            return new SpeedRow(work.Name, peer.Name, Rounded(Median([.. ours.Zip(other, (mine, his) => mine / his)])), peer.Floor, Rounded(Median(ours)), Rounded(Median(other)), contest.Unit);
        })];
    }

    // Threads of a library that has just worked spin for a while in case there is more to do, on a core that the next one needs.
    private static void Settle() => Thread.Sleep(100);

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);

    private static double Rounded(double value) => value == 0 ? 0 : Math.Round(value, Math.Clamp(3 - (int)Math.Log10(Math.Abs(value)), 0, 6));

    private sealed record SpeedRow(string Work, string Peer, double Ratio, double Floor, double Ours, double Theirs, string Unit);
}
