using System.Runtime.InteropServices;

namespace Hourglass.Engine;

/// <summary>Lets the engine keep the memory that a step frees for the next step.</summary>
/// <remarks>The GNU C library gives large blocks back to the system when they are freed (mallopt(3): M_MMAP_THRESHOLD, M_TRIM_THRESHOLD), and a step of a transformer frees all
/// it took: the next step then brings thousands of pages in again, each a fault that the system answers with zeros. Only the GNU library is told; others do as they do. It keeps less on threads
/// beside the first, whose memory lies in heaps of 64 MB that go back when they are empty (malloc/arena.c: HEAP_MAX_SIZE).</remarks>
internal static class EngineMemory
{
    private const int TrimThreshold = -1; // parameters of mallopt, malloc.h
    private const int MapThreshold = -3;
    private const int KeptBlock = 1 << 30; // bytes: larger ones go back
    private const int UsualBlock = 32 << 20; // what the library's own rule ends at on 64-bit machines (DEFAULT_MMAP_THRESHOLD_MAX)
    private static readonly Lock Gate = new();
    private static readonly nint Library = OperatingSystem.IsLinux() && !IsSetByUser && NativeLibrary.TryLoad("libc.so.6", out var handle) ? handle : 0;
    private static int _keepers;
    private static bool _isTold;

    /// <summary>Keeps freed memory until the result is disposed of; then what is free goes back to the system.</summary>
    public static Keeper Keep()
    {
        lock (Gate)
        {
            if (_keepers++ == 0)
            {
                _isTold = Set(KeptBlock, int.MaxValue);
            }

            return new Keeper(_isTold);
        }
    }

    // Whoever has set the allocator's own variables gets what they say.
    private static bool IsSetByUser => Environment.GetEnvironmentVariable("MALLOC_MMAP_THRESHOLD_") is not null || Environment.GetEnvironmentVariable("MALLOC_TRIM_THRESHOLD_") is not null
        || Environment.GetEnvironmentVariable("GLIBC_TUNABLES")?.Contains("glibc.malloc", StringComparison.Ordinal) == true;

    // Whether the library has taken both numbers.
    private static unsafe bool Set(int mapped, int trimmed)
    {
        if (Library == 0 || !NativeLibrary.TryGetExport(Library, "mallopt", out var option))
        {
            return false;
        }

        var set = (delegate* unmanaged<int, int, int>)option;
        return set(MapThreshold, mapped) == 1 & set(TrimThreshold, trimmed) == 1;
    }

    private static unsafe void Trim()
    {
        if (Library != 0 && NativeLibrary.TryGetExport(Library, "malloc_trim", out var trim))
        {
            ((delegate* unmanaged<nuint, int>)trim)(0);
        }
    }

    private static void Release()
    {
        lock (Gate)
        {
            if (--_keepers == 0)
            {
                Set(UsualBlock, 2 * UsualBlock); // its own rule sets the second to twice the first
                Trim();
            }
        }
    }

    /// <summary>One who wants memory kept.</summary>
    /// <param name="isTold">Whether the library has taken what it was told.</param>
    internal sealed class Keeper(bool isTold) : IDisposable
    {
        private bool _isDone;

        /// <summary>Whether the library keeps memory now.</summary>
        public bool IsTold => isTold;

        public void Dispose()
        {
            if (!_isDone)
            {
                _isDone = true;
                Release();
            }
        }
    }
}
