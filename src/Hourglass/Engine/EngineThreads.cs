using System.Runtime.InteropServices;
using Hourglass.Kernels;
using static TorchSharp.torch;

namespace Hourglass.Engine;

/// <summary>Keeps the engine to the calling thread while others need the processors, and shares out work of our own.</summary>
/// <remarks>After each operation that it has shared out, GNU's OpenMP lets its threads spin for milliseconds in case there is more to do (libgomp: GOMP_SPINCOUNT), on a core where a
/// step of our own has a thread. OpenMP is asked itself, for it keeps a number for each calling thread; the engine's own setting would reach threads that others start meanwhile.
/// Where the engine has another OpenMP, nothing changes.</remarks>
internal sealed unsafe class EngineThreads : IDisposable
{
    private static readonly delegate* unmanaged<int, void> Set = (delegate* unmanaged<int, void>)Find("omp_set_num_threads");
    private static readonly delegate* unmanaged<int, int> SetProducts = (delegate* unmanaged<int, int>)Find("MKL_Set_Num_Threads_Local"); // of the calling thread; returns what stood before
    [ThreadStatic]
    private static EngineThreads? _current; // of the calling thread
    private readonly EngineThreads? _before = _current;
    private readonly int _given = get_num_threads();
    private readonly int _ours = Ours;
    private readonly int _products;
    private WorkCrew? _crew;

    private EngineThreads()
    {
        _current = this;
        Use(1);
        _products = Products(1);
    }

    /// <summary>Threads for work of our own: as many as the engine has here, or had before it was kept to one.</summary>
    public static int Ours => _current?._ours ?? get_num_threads();

    /// <summary>The calling thread alone, until it disposes of the result.</summary>
    public static EngineThreads One() => new();

    /// <summary>Does pieces of work of our own. Denormal numbers are zero in it, on one thread and on many.</summary>
    /// <remarks>Threads that wait for the next piece belong to whoever keeps the engine to one: the runtime's own changed places sixty times for each of a recurrent layer's passes.</remarks>
    /// <param name="pieces">How many.</param>
    /// <param name="work">Told the number of a piece.</param>
    public static void Share(int pieces, Action<int> work)
    {
        var threads = Math.Min(Ours, pieces);
        if (_current is { } one && threads > 1)
        {
            one._crew ??= new WorkCrew(one._ours);
            var size = one._crew.Size;
            one._crew.Run(thread => Run(work, thread, pieces, size));
        }
        else if (threads > 1)
        {
            Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, thread => Run(work, thread, pieces, threads));
        }
        else
        {
            Run(work, 0, pieces, 1);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _crew?.Dispose();
        _current = _before;
        Use(_given);
        Products(_products);
    }

    private static void Run(Action<int> work, int first, int pieces, int step)
    {
        using var flushed = FlushedDenormals.Begin();
        for (var piece = first; piece < pieces; piece += step)
        {
            work(piece);
        }
    }

    private void Use(int threads)
    {
        if (_given > 1 && Set is not null)
        {
            Set(threads);
        }
    }

    // The library of products follows OpenMP until the engine is given a number of threads; from then on it has one of its own, for each calling thread.
    private static int Products(int threads) => SetProducts is null ? 0 : SetProducts(threads);

    private static nint Find(string name) => OperatingSystem.IsLinux() && NativeEngine.Find("libtorch_cpu.so") is { } path && NativeLibrary.TryLoad(path, out var engine)
        && NativeLibrary.TryGetExport(engine, name, out var set) ? set : 0;
}
