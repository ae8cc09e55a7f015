using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hourglass.Data.Stores;

/// <summary>Many reads of a file under way at once for few calls of the system: Linux's io_uring(7), by its system calls.</summary>
/// <remarks>Layouts and numbers are those of linux/io_uring.h, the same on all processors with 64 bits. For one thread.</remarks>
internal sealed unsafe partial class ReadRing : IDisposable
{
    /// <summary>Reads under way, where nothing else is wished; the disk that was measured gains nothing from more.</summary>
    public const int UsualDepth = 256;

    private const int Together = 64; // ends that are waited for at once
    private const nint Setup = 425; // system calls
    private const nint Enter = 426;
    private const int ParametersSize = 120; // struct io_uring_params
    private const int SingleMap = 1; // feature: both rings lie in one piece of memory (Linux 5.4)
    private const int RequestSize = 64; // struct io_uring_sqe
    private const int EndSize = 16; // struct io_uring_cqe
    private const long RequestsOffset = 0x10000000;
    private const byte ReadOperation = 22; // Linux 5.6
    private const int WaitForEnds = 1;
    private const int Interrupted = 4; // faults that pass: EINTR, EAGAIN, EBUSY
    private const int ShortOfMemory = 11;
    private const int Busy = 16;
    private const int ReadWrite = 3; // of mmap(2)
    private const int SharedPopulated = 0x8001;
    private readonly int _depth;
    private readonly SafeFileHandle _ring;
    private readonly Map _rings;
    private readonly Map _requests;
    private readonly uint* _requestHead;
    private readonly uint* _requestTail;
    private readonly uint* _requestOrder;
    private readonly uint _requestMask;
    private readonly uint* _endHead;
    private readonly uint* _endTail;
    private readonly byte* _ends;
    private readonly uint _endMask;

    private ReadRing(int depth, SafeFileHandle ring, Map rings, Map requests, uint* parameters)
    {
        (_depth, _ring, _rings, _requests) = (depth, ring, rings, requests);
        var start = (byte*)rings.Start;
        _requestHead = (uint*)(start + parameters[10]);
        _requestTail = (uint*)(start + parameters[11]);
        _requestMask = *(uint*)(start + parameters[12]);
        _requestOrder = (uint*)(start + parameters[16]);
        _endHead = (uint*)(start + parameters[20]);
        _endTail = (uint*)(start + parameters[21]);
        _endMask = *(uint*)(start + parameters[22]);
        _ends = start + parameters[25];
    }

    /// <summary>A ring, where the system has them and lets this process use one (containers often do not).</summary>
    /// <param name="depth">Reads under way; a power of two.</param>
    public static ReadRing? TryCreate(int depth = UsualDepth)
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
        {
            return null;
        }

        var parameters = stackalloc uint[ParametersSize / sizeof(uint)];
        new Span<byte>(parameters, ParametersSize).Clear();
        var number = SystemCall(Setup, depth, (nint)parameters, 0, 0, 0, 0);
        if (number < 0)
        {
            return null;
        }

        var ring = new SafeFileHandle(number, ownsHandle: true);
        var rings = (parameters[5] & SingleMap) == 0 ? default : Map.Of(ring, Math.Max(parameters[16] + (parameters[0] * sizeof(uint)), parameters[25] + (parameters[1] * EndSize)), 0);
        var requests = rings.Length == 0 ? default : Map.Of(ring, parameters[0] * RequestSize, RequestsOffset);
        if (requests.Length > 0)
        {
            return new ReadRing(depth, ring, rings, requests, parameters);
        }

        rings.Undo();
        ring.Dispose();
        return null;
    }

    /// <summary>Whether the system has refused a call: then nothing more is read by it.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Reads runs of bytes; returns when none is under way any more.</summary>
    /// <param name="file">The file.</param>
    /// <param name="runs">What to read and where to.</param>
    /// <param name="missed">Told of runs that have not come whole; of all that have not come where the ring breaks.</param>
    /// <param name="isStopped">Whether to begin no more.</param>
    public void Read(SafeFileHandle file, IReadOnlyList<FileRun> runs, Action<FileRun> missed, Func<bool> isStopped)
    {
        var (begun, ended, stopped) = (0, 0, false);
        while (ended < begun || (begun < runs.Count && !stopped))
        {
            stopped |= isStopped() || IsBroken;
            for (; begun < runs.Count && begun - ended < _depth && !stopped; begun++)
            {
                Ask(file, runs[begun], begun);
            }

            if (ended < begun && !Wait(Math.Min(Together, begun - ended)))
            {
                begun -= Unsent();
                Thread.Sleep(1); // what is under way ends by itself, and writes until then
            }

            ended += TakeEnds(runs, missed);
        }

        for (; IsBroken && begun < runs.Count; begun++)
        {
            missed(runs[begun]);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _requests.Undo();
        _rings.Undo();
        _ring.Dispose();
    }

    private void Ask(SafeFileHandle file, FileRun run, int number)
    {
        var tail = *_requestTail;
        var request = (byte*)_requests.Start + ((tail & _requestMask) * RequestSize);
        new Span<byte>(request, RequestSize).Clear();
        request[0] = ReadOperation;
        *(int*)(request + 4) = (int)file.DangerousGetHandle();
        *(long*)(request + 8) = run.Start;
        *(nint*)(request + 16) = run.Target;
        *(int*)(request + 24) = run.Length;
        *(long*)(request + 32) = number;
        _requestOrder[tail & _requestMask] = tail & _requestMask;
        Volatile.Write(ref *_requestTail, tail + 1);
    }

    private bool Wait(int ends)
    {
        var isDone = SystemCall(Enter, _ring.DangerousGetHandle(), (nint)(*_requestTail - Volatile.Read(ref *_requestHead)), ends, WaitForEnds, 0, 0) >= 0;
        IsBroken |= !isDone && Marshal.GetLastPInvokeError() is not (Interrupted or ShortOfMemory or Busy);
        return isDone;
    }

    // Takes back what a broken ring has not been given: nobody will.
    private int Unsent()
    {
        var unsent = IsBroken ? *_requestTail - Volatile.Read(ref *_requestHead) : 0;
        Volatile.Write(ref *_requestTail, *_requestTail - unsent);
        return (int)unsent;
    }

    private int TakeEnds(IReadOnlyList<FileRun> runs, Action<FileRun> missed)
    {
        var (head, tail) = (*_endHead, Volatile.Read(ref *_endTail));
        var taken = (int)(tail - head);
        for (; head != tail; head++)
        {
            var end = _ends + ((head & _endMask) * EndSize);
            var run = runs[(int)*(long*)end];
            if (*(int*)(end + 8) < run.Needed)
            {
                missed(run);
            }
        }

        Volatile.Write(ref *_endHead, head);
        return taken;
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint first, nint second, nint third, nint fourth, nint fifth, nint sixth);

    private readonly partial record struct Map(nint Start, nuint Length)
    {
        public static Map Of(SafeFileHandle ring, uint length, long offset) =>
            MapMemory(0, length, ReadWrite, SharedPopulated, (int)ring.DangerousGetHandle(), offset) is var start and not -1 ? new Map(start, length) : default;

        public void Undo()
        {
            if (Length > 0)
            {
                _ = UnmapMemory(Start, Length);
            }
        }

        [LibraryImport("libc", EntryPoint = "mmap")]
        private static partial nint MapMemory(nint start, nuint length, int protection, int flags, int file, long offset);

        [LibraryImport("libc", EntryPoint = "munmap")]
        private static partial int UnmapMemory(nint start, nuint length);
    }
}
