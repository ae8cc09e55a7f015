namespace Hourglass.Collectives;

/// <summary>From how this process was started to the processes it belongs to.</summary>
public static class Collective
{
    /// <summary>Environment variable that makes ranks of one machine exchange messages instead of adding up in memory that they share, where it is 0.</summary>
    public const string SharedMemoryVariable = "HOURGLASS_SHARED_MEMORY";

    /// <summary>Joins the other processes of an MPI job, once in a process; alone where no launcher started several.</summary>
    /// <exception cref="HourglassException">The launcher's library is missing, or is of another family.</exception>
    public static ICollective Join()
    {
        if (MpiLauncher.Find(Environment.GetEnvironmentVariable) is not { } launcher)
        {
            return new SingleProcess();
        }

        var library = MpiLibrary.Load(launcher.Family, Environment.GetEnvironmentVariable(MpiLibrary.PathVariable));
        RequireSameFamily(launcher, library.Family, library.Path);
        return new RankGroup(new MpiTransport(library, launcher));
    }

    /// <summary>This process's number among those that a launcher started; 0 for a process alone.</summary>
    public static int LaunchedRank() => MpiLauncher.Find(Environment.GetEnvironmentVariable)?.Rank ?? 0;

    /// <summary>Processes that a launcher started together with this one; 1 for a process alone.</summary>
    public static int LaunchedSize() => MpiLauncher.Find(Environment.GetEnvironmentVariable)?.Size ?? 1;

    /// <summary>Threads that a rank may use so that the ranks of one machine fill it: all of those it is bound to, else its part of the machine.</summary>
    /// <returns>Null for a process alone, which decides for itself.</returns>
    public static int? ThreadsOfRank() => MpiLauncher.Find(Environment.GetEnvironmentVariable) is not { } launcher ? null
        : Math.Max(1, Math.Min(Environment.ProcessorCount, OnlineProcessors() / launcher.LocalSize));

    /// <summary>Refuses a library that does not speak with the launcher: each rank would be alone, and all would write the same files.</summary>
    internal static void RequireSameFamily(MpiLauncher launcher, MpiFamily found, string path)
    {
        if (found != launcher.Family)
        {
            throw new HourglassException(
                $"{launcher.Name}'s launcher started {launcher.Size} processes ({launcher.Variable}), but {path} is {MpiLauncher.FamilyName(found)}'s library, in which each of them would be alone. Start with {MpiLauncher.FamilyName(found)}'s mpirun, or let {MpiLibrary.PathVariable} name {launcher.Name}'s library.");
        }
    }

    // Bound ranks see only their own processors; this counts all of the machine.
    private static int OnlineProcessors()
    {
        const string Entry = "/sys/devices/system/cpu/online"; // for instance 0-3,8-11
        if (!File.Exists(Entry))
        {
            return Environment.ProcessorCount;
        }

        return File.ReadAllText(Entry).Trim().Split(',').Select(run => run.Split('-')).Sum(ends => int.Parse(ends[^1], System.Globalization.CultureInfo.InvariantCulture) - int.Parse(ends[0], System.Globalization.CultureInfo.InvariantCulture) + 1);
    }
}
