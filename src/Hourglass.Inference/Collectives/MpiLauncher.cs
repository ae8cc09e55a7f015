using System.Globalization;

namespace Hourglass.Collectives;

/// <summary>A family of MPI libraries; programs started by one's launcher find each other only through the same one's library.</summary>
internal enum MpiFamily
{
    /// <summary>Open MPI.</summary>
    OpenMpi,

    /// <summary>MPICH and what shares its binary interface: Intel MPI, MVAPICH.</summary>
    Mpich,
}

/// <summary>Who started this process as one of several, as the environment tells.</summary>
/// <param name="Family">The launcher's.</param>
/// <param name="Rank">This process, from 0.</param>
/// <param name="Size">Processes in the job.</param>
/// <param name="LocalSize">Processes on this machine.</param>
/// <param name="Variable">The environment variable that says so.</param>
internal sealed record MpiLauncher(MpiFamily Family, int Rank, int Size, int LocalSize, string Variable)
{
    private static readonly (MpiFamily Family, string Rank, string Size, string LocalSize)[] Known =
        [(MpiFamily.OpenMpi, "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE"), (MpiFamily.Mpich, "PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS")];

    /// <summary>The launcher's name.</summary>
    public string Name => FamilyName(Family);

    /// <summary>The launcher of this process; null for a process alone.</summary>
    /// <param name="environment">Value of an environment variable; null where it is not set.</param>
    public static MpiLauncher? Find(Func<string, string?> environment)
    {
        foreach (var (family, rank, sizeName, localName) in Known)
        {
            if (Number(environment(sizeName)) is { } size and > 1)
            {
                return new MpiLauncher(family, Number(environment(rank)) ?? 0, size, Number(environment(localName)) ?? size, sizeName);
            }
        }

        return null;
    }

    /// <summary>A family's name.</summary>
    public static string FamilyName(MpiFamily family) => family == MpiFamily.OpenMpi ? "Open MPI" : "MPICH";

    private static int? Number(string? text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
