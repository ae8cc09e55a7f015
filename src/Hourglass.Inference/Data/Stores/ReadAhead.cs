using System.Runtime.InteropServices;

namespace Hourglass.Data.Stores;

/// <summary>Tells the system which samples of a store will be asked for next, so that a disk works on many of them while a step computes. Only where the store does not fit in memory, and on Linux.</summary>
/// <remarks>Without it each sample that is not in memory is waited for by itself, and megabytes around it are read with it.</remarks>
internal sealed partial class ReadAhead : IDisposable
{
    private const int Bytes = 64 << 20; // announced ahead
    private const int Normal = 0; // of madvise(2)
    private const int Random = 1;
    private const int WillNeed = 3;
    private readonly SampleStore? _store;
    private readonly int _samples;
    private Task _running = Task.CompletedTask;
    private int _announced;

    /// <summary>For one pass over a store in an order of its own.</summary>
    /// <param name="store">The samples.</param>
    public ReadAhead(SampleStore store)
        : this(store, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2)
    {
    }

    /// <summary>For one pass, where the store is larger than so much memory.</summary>
    /// <param name="store">The samples.</param>
    /// <param name="memory">Bytes that a store may take without all this.</param>
    internal ReadAhead(SampleStore store, long memory)
    {
        _samples = Math.Max(1, Bytes / Math.Max(1, (int)Math.Min(Bytes, store.SampleBytes)));
        if (OperatingSystem.IsLinux() && store.Count * store.SampleBytes > memory)
        {
            _store = store;
            Advise(store.Mapped, Random);
        }
    }

    /// <summary>Announces what follows; returns at once.</summary>
    /// <param name="order">The order of the pass.</param>
    /// <param name="place">Where in it the pass is.</param>
    public void Reached(long[] order, int place)
    {
        if (_store is not null && _running.IsCompleted && _announced < Math.Min(order.Length, place + (_samples / 2)))
        {
            var (first, last) = (Math.Max(_announced, place), (int)Math.Min(order.Length, (long)place + _samples));
            _announced = last;
            _running = Task.Run(() =>
            {
                for (var next = first; next < last; next++)
                {
                    Advise(_store.Place(order[next]), WillNeed);
                }
            });
        }
    }

    /// <summary>From here on the store is read as any file.</summary>
    public void Dispose()
    {
        _running.Wait();
        if (_store is not null)
        {
            Advise(_store.Mapped, Normal);
        }
    }

    // Whole pages. Advice that is not taken costs time only.
    private static void Advise((nint Start, nint Length) bytes, int advice)
    {
        var start = bytes.Start / Environment.SystemPageSize * Environment.SystemPageSize;
        _ = MemoryAdvice(start, bytes.Start + bytes.Length - start, advice);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int MemoryAdvice(nint start, nint length, int advice);
}
