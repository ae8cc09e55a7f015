using System.Diagnostics;

namespace Hourglass.Benchmarks;

/// <summary>One piece of work that Hourglass and others do.</summary>
/// <param name="Name">What is done.</param>
/// <param name="Threads">Threads of all who do it.</param>
/// <param name="Prepare">Makes data and models.</param>
internal sealed record SpeedWork(string Name, int Threads, Func<SpeedContest> Prepare)
{
    /// <summary>Pieces of work of each whose ratios make the median, after one that warms up.</summary>
    public int Rounds { get; init; } = 9;
}

/// <summary>Those that do the work.</summary>
/// <param name="Unit">What the rates count: "samples/s".</param>
/// <param name="Ours">Does a piece by Hourglass and says how fast it went; best a tenth of a second to a second.</param>
/// <param name="Peers">The others; each makes one row.</param>
/// <param name="Resources">Let go at the end.</param>
internal sealed record SpeedContest(string Unit, Func<double> Ours, IReadOnlyList<SpeedPeer> Peers, params IDisposable[] Resources) : IDisposable
{
    /// <summary>Units a second of a piece of work.</summary>
    public static Func<double> Rate(double units, Action work) => () =>
    {
        var clock = Stopwatch.StartNew();
        work();
        return units / clock.Elapsed.TotalSeconds;
    };

    public void Dispose() => Array.ForEach(Resources, resource => resource.Dispose());
}

/// <summary>One who does the same work, or a limit to compare with.</summary>
/// <param name="Name">Who.</param>
/// <param name="Floor">The least ratio of our rate to this one's that we accept.</param>
/// <param name="Rate">Does a piece and says how fast it went.</param>
internal sealed record SpeedPeer(string Name, double Floor, Func<double> Rate);

/// <summary>Peers with what they hold; none where one is not installed.</summary>
/// <param name="List">They.</param>
/// <param name="Resources">Let go at the end.</param>
internal sealed record Peers(IReadOnlyList<SpeedPeer> List, IReadOnlyList<IDisposable> Resources)
{
    /// <summary>Nobody.</summary>
    public static Peers None { get; } = new([], []);

    public static Peers operator +(Peers left, Peers right) => new([.. left.List, .. right.List], [.. left.Resources, .. right.Resources]);
}
