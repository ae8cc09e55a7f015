using System.Diagnostics;
using System.Globalization;

namespace Hourglass.Benchmarks;

/// <summary>What the garbage collector did meanwhile.</summary>
internal sealed class Collections
{
    private readonly int _before = Count;
    private readonly TimeSpan _pausedBefore = GC.GetTotalPauseDuration();
    private readonly long _allocatedBefore = GC.GetTotalAllocatedBytes();
    private int _seen = Count;
    private TimeSpan _longest;

    private static int Count => GC.CollectionCount(0);

    /// <summary>Looks at the last collection; call it often.</summary>
    public void Look()
    {
        if (Count == _seen)
        {
            return;
        }

        _seen = Count;
        foreach (var pause in GC.GetGCMemoryInfo(GCKind.Any).PauseDurations)
        {
            _longest = pause > _longest ? pause : _longest;
        }
    }

    /// <summary>How many there were, how long they stopped everything, and what was allocated.</summary>
    public CollectionFigures Figures() =>
        new(Count - _before, Math.Round((GC.GetTotalPauseDuration() - _pausedBefore).TotalMilliseconds, 2), Math.Round(_longest.TotalMilliseconds, 3), GC.GetTotalAllocatedBytes() - _allocatedBefore);
}

/// <summary>Collections in a time.</summary>
/// <param name="Count">How many.</param>
/// <param name="PauseMilliseconds">For how long everything stood still, in all.</param>
/// <param name="LongestMilliseconds">The longest of these pauses.</param>
/// <param name="AllocatedBytes">What was allocated.</param>
internal sealed record CollectionFigures(int Count, double PauseMilliseconds, double LongestMilliseconds, long AllocatedBytes);

/// <summary>For how long the machine takes a processor away from a program that does nothing but look at the clock: the floor of every latency measured on it.</summary>
internal static class MachinePauses
{
    private static readonly double[] Bounds = [1, 2, 5, 10]; // milliseconds

    /// <summary>Looks at the clock on all processors at once.</summary>
    public static void Print(int seconds)
    {
        var found = new List<double>[Environment.ProcessorCount];
        var threads = found.Select((_, place) => new Thread(() => found[place] = Look(seconds))).ToArray();
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        for (var place = 0; place < found.Length; place++)
        {
            var counts = string.Join(", ", Bounds.Select(bound => string.Create(CultureInfo.InvariantCulture, $"{found[place].Count(pause => pause >= bound)} of {bound} ms or more")));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"machine, thread {place + 1}, {seconds} s: {counts}; longest {found[place].DefaultIfEmpty().Max():0.0} ms"));
        }
    }

    private static List<double> Look(int seconds)
    {
        var (pauses, end, last) = (new List<double>(), Stopwatch.GetTimestamp() + (seconds * Stopwatch.Frequency), Stopwatch.GetTimestamp());
        while (last < end)
        {
            var now = Stopwatch.GetTimestamp();
            var pause = Stopwatch.GetElapsedTime(last, now).TotalMilliseconds;
            if (pause >= Bounds[0])
            {
                pauses.Add(pause);
            }

            last = now;
        }

        return pauses;
    }
}
