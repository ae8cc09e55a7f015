using System.Text;

namespace Hourglass.Collectives;

/// <summary>A fault that every rank was told of: all of them throw it, and one of them says it.</summary>
/// <param name="message">What is wrong and what to do.</param>
public sealed class AgreedFaultException(string message) : HourglassException(message);

/// <summary>What ranks tell each other so that all go on, or none does.</summary>
public static class Agreement
{
    /// <summary>Does work that may fail on some ranks: then it fails on all of them.</summary>
    /// <param name="ranks">All of them make this call.</param>
    /// <param name="work">What each does.</param>
    /// <exception cref="AgreedFaultException">A rank's work failed.</exception>
    public static T Together<T>(ICollective ranks, Func<T> work)
    {
        if (ranks.Size == 1)
        {
            return work();
        }

        var (result, fault) = (default(T), "");
        try
        {
            result = work();
        }
        catch (HourglassException failed)
        {
            fault = failed.Message;
        }

        var faults = ranks.Gather(Encoding.UTF8.GetBytes(fault)).Select(Encoding.UTF8.GetString).ToList();
        if (faults.FindIndex(text => text.Length > 0) is var rank and >= 0)
        {
            (result as IDisposable)?.Dispose();
            throw new AgreedFaultException(faults.TrueForAll(text => text == faults[0]) ? faults[0] : $"rank {rank} of {ranks.Size}: {faults[rank]}");
        }

        return result!;
    }

    /// <summary>Does work on rank 0 for all ranks: where it fails, it fails on all of them, in the same words as in one process.</summary>
    /// <param name="ranks">All of them make this call.</param>
    /// <param name="work">What rank 0 does.</param>
    /// <returns>Nothing on other ranks.</returns>
    /// <exception cref="AgreedFaultException">The work failed, where ranks are several.</exception>
    internal static T? AtFirst<T>(ICollective ranks, Func<T> work)
    {
        if (ranks.Size == 1)
        {
            return work();
        }

        var (result, fault) = (default(T), "");
        try
        {
            result = ranks.Rank == 0 ? work() : default;
        }
        catch (HourglassException failed)
        {
            fault = failed.Message;
        }

        var told = Encoding.UTF8.GetString(Told(ranks, Encoding.UTF8.GetBytes(fault)));
        return told.Length == 0 ? result : throw new AgreedFaultException(told);
    }

    /// <summary>What rank 0 says, on every rank.</summary>
    /// <param name="ranks">All of them make this call.</param>
    /// <param name="words">Of any length; those of rank 0 count.</param>
    public static byte[] Told(ICollective ranks, byte[] words)
    {
        var length = BitConverter.GetBytes(words.Length);
        ranks.Broadcast(length);
        var told = ranks.Rank == 0 ? words : new byte[BitConverter.ToInt32(length)];
        ranks.Broadcast(told);
        return told;
    }

    /// <summary>Refuses ranks that would not do the same.</summary>
    /// <param name="ranks">All of them make this call.</param>
    /// <param name="facts">What must be the same everywhere, by name, with what to do where it is not.</param>
    /// <exception cref="AgreedFaultException">A fact differs.</exception>
    public static void Require(ICollective ranks, IReadOnlyList<(string Name, string Value, string Remedy)> facts)
    {
        foreach (var (name, value, remedy) in facts)
        {
            var values = ranks.Gather(Encoding.UTF8.GetBytes(string.Join(' ', value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)))).Select(Encoding.UTF8.GetString).ToList();
            if (values.FindIndex(other => other != values[0]) is var rank and >= 0)
            {
                var (expected, got) = Differing(values[0], values[rank]);
                throw new AgreedFaultException($"The ranks do not have the same {name}: rank {rank} has '{got}', rank 0 '{expected}'. {remedy}");
            }
        }
    }

    // Where two long texts begin to differ, with what stands before it.
    private static (string First, string Second) Differing(string first, string second)
    {
        const int Before = 20;
        const int Shown = 60;
        var same = first.AsSpan().CommonPrefixLength(second);
        string Part(string text) => text.Length <= Shown ? text : $"...{text[Math.Max(0, Math.Min(same, text.Length) - Before)..Math.Min(text.Length, same + Shown - Before)]}";
        return (Part(first), Part(second));
    }
}
