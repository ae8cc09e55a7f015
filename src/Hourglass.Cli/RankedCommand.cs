using Hourglass.Collectives;

namespace Hourglass.Cli;

/// <summary>A command that the ranks of an MPI job carry out together: rank 0 speaks, a fault of any rank ends the job.</summary>
internal static class RankedCommand
{
    private const int SpeaksFirst = 2000; // milliseconds that rank 0 has for a fault that all ranks have, before a launcher ends the job because another rank ended

    /// <summary>Commands whose work ranks share; all others are refused where a launcher has started several processes.</summary>
    public static IReadOnlyList<string> Shared { get; } = ["train", "score", "encode", "reconstruct"];

    /// <summary>Refuses a command that every rank would carry out as a whole.</summary>
    /// <param name="words">The command's.</param>
    /// <param name="rank">This process among those that were started.</param>
    /// <param name="size">How many.</param>
    /// <param name="error">Where rank 0 says so.</param>
    /// <returns>Whether it is refused.</returns>
    public static bool Refuses(string words, int rank, int size, TextWriter error)
    {
        if (size == 1 || Shared.Contains(words, StringComparer.Ordinal))
        {
            return false;
        }

        if (rank == 0)
        {
            error.WriteLine($"hourglass {words}: does not share its work among ranks: each of the {size} processes that were started would do all of it and write the same files. Run it without mpirun; {string.Join(", ", Shared)} run on several ranks.");
            error.Flush();
        }
        else
        {
            Thread.Sleep(SpeaksFirst);
        }

        return true;
    }

    /// <summary>Joins the other ranks, if there are any, and works.</summary>
    /// <param name="name">The command's.</param>
    /// <param name="screen">Where rank 0 writes.</param>
    /// <param name="work">What each rank does, given where it may write.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string name, Screen screen, Action<ICollective, Screen> work)
    {
        ICollective ranks;
        try
        {
            ranks = Collective.Join();
        }
        catch (HourglassException) when (Collective.LaunchedRank() > 0)
        {
            Thread.Sleep(SpeaksFirst);
            return 1;
        }

        try
        {
            work(ranks, ranks.Rank == 0 ? screen : screen with { Output = TextWriter.Null, Error = TextWriter.Null });
        }
        catch (AgreedFaultException fault)
        {
            Say(fault.Message, ranks.Rank == 0 ? screen.Error : TextWriter.Null);
            ranks.Dispose();
            return 1;
        }
        catch (Exception fault) when (ranks.Size > 1)
        {
            Thread.Sleep(ranks.Rank == 0 ? 0 : SpeaksFirst);
            Say($"rank {ranks.Rank} of {ranks.Size}: {(fault is HourglassException ? fault.Message : fault.ToString())}", screen.Error);
            ranks.Abort(fault is HourglassException ? 1 : 2);
        }

        ranks.Dispose();
        return 0;

        void Say(string fault, TextWriter error)
        {
            error.WriteLine($"hourglass {name}: {fault}");
            error.Flush();
        }
    }
}
