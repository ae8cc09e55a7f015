namespace Hourglass.Benchmarks;

/// <summary>An MPI launcher of this machine.</summary>
/// <param name="Name">Its family.</param>
/// <param name="Words">What starts it; ranks may run on any processor, as a process by itself may.</param>
/// <param name="Tcp">What makes its ranks talk over TCP although they share a machine.</param>
internal sealed record RankLauncher(string Name, IReadOnlyList<string> Words, IReadOnlyList<string> Tcp)
{
    private static readonly RankLauncher[] Known =
    [
        new("Open MPI", ["mpirun.openmpi", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none"], ["--mca", "btl", "tcp,self"]),
        new("MPICH", ["mpirun.mpich"], ["-genv", "MPIR_CVAR_NOLOCAL", "1"]),
    ];

    /// <summary>The first that is installed; null where none is.</summary>
    public static RankLauncher? Find() => Array.Find(Known, launcher => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, launcher.Words[0]))));
}
