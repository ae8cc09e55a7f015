using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Hourglass.Engine;

/// <summary>Keeps the engine to the calling thread while others need the processors.</summary>
/// <remarks>After each operation that it has shared out, GNU's OpenMP lets its threads spin for milliseconds in case there is more to do (libgomp: GOMP_SPINCOUNT), on a core where a
/// step of our own has a thread. OpenMP is asked itself, for it keeps a number for each calling thread; the engine's own setting would reach threads that others start meanwhile.
/// Where the engine has another OpenMP, nothing changes.</remarks>
internal sealed unsafe class EngineThreads : IDisposable
{
    private static readonly delegate* unmanaged<int, void> Set = Find();
    private readonly int _threads = get_num_threads();

    private EngineThreads() => Use(1);

    /// <summary>The calling thread alone, until it disposes of the result.</summary>
    public static EngineThreads One() => new();

    /// <inheritdoc/>
    public void Dispose() => Use(_threads);

    private void Use(int threads)
    {
        if (_threads > 1 && Set is not null)
        {
            Set(threads);
        }
    }

    private static delegate* unmanaged<int, void> Find() => OperatingSystem.IsLinux() && NativeEngine.Find("libtorch_cpu.so") is { } path && NativeLibrary.TryLoad(path, out var engine)
        && NativeLibrary.TryGetExport(engine, "omp_set_num_threads", out var set) ? (delegate* unmanaged<int, void>)set : null;
}
