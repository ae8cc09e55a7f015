namespace Hourglass.Benchmarks;

/// <summary>An MPI launcher of this machine.</summary>
/// <param name="Name">Its family.</param>
/// <param name="Words">What starts it.</param>
/// <param name="Tcp">What makes its ranks talk over TCP although they share a machine.</param>
/// <param name="Unbound">What lets ranks run on any processor.</param>
internal sealed record RankLauncher(string Name, IReadOnlyList<string> Words, IReadOnlyList<string> Tcp, IReadOnlyList<string> Unbound)
{
    private static readonly RankLauncher[] Known =
    [
        new("Open MPI", ["mpirun.openmpi", "--allow-run-as-root", "--oversubscribe"], ["--mca", "btl", "tcp,self"], ["--bind-to", "none"]),
        new("MPICH", ["mpirun.mpich"], ["-genv", "MPIR_CVAR_NOLOCAL", "1"], []),
    ];

    /// <summary>The first that is installed; null where none is.</summary>
    public static RankLauncher? Find() => Array.Find(Known, launcher => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, launcher.Words[0]))));
}
