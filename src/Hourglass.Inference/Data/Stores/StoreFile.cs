using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hourglass.Data.Stores;

/// <summary>A store's file, read in many runs at once, past the system's cache where that is wished and possible.</summary>
internal sealed unsafe partial class StoreFile : IDisposable
{
    private const int Readers = 16; // threads, where the system has no rings
    private const int SetStatusFlags = 4; // of fcntl(2)
    private static readonly int[] Sectors = [512, 4096];
    private readonly SafeFileHandle _cached;
    private readonly SafeFileHandle _file;
    private readonly ReadRing? _ring;

    private StoreFile(SafeFileHandle cached, SafeFileHandle file, int alignment, ReadRing? ring) =>
        (_cached, _file, Alignment, _ring) = (cached, file, alignment, ring);

    /// <summary>Starts and lengths of runs, and where they go, are multiples of it.</summary>
    public int Alignment { get; }

    /// <summary>How it is read.</summary>
    public string Way => $"{(HasRing ? "io_uring" : $"{Readers} threads")}{(_file == _cached ? "" : ", past the system's cache")}";

    /// <summary>Opens it; null where another file lies in its place by now, or none.</summary>
    /// <param name="store">The store.</param>
    /// <param name="bypassesCache">Whether what is read would only drive other things out of the system's cache.</param>
    /// <param name="usesRing">Whether to use one where there is one.</param>
    /// <param name="depth">Reads under way in it; a power of two.</param>
    public static StoreFile? TryOpen(SampleStore store, bool bypassesCache, bool usesRing, int depth = ReadRing.UsualDepth)
    {
        try
        {
            var cached = File.OpenHandle(store.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.RandomAccess);
            Span<byte> header = stackalloc byte[StoreHeader.Size];
            if (RandomAccess.Read(cached, header, 0) < header.Length || !header.SequenceEqual(store.Header))
            {
                cached.Dispose();
                return null;
            }

            var ring = usesRing ? ReadRing.TryCreate(depth) : null;
            return bypassesCache && PastCache(store.Path) is (var file, var alignment) ? new StoreFile(cached, file, alignment, ring) : new StoreFile(cached, cached, 1, ring);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Reads runs; returns when all have come, or none is under way after a stop.</summary>
    /// <param name="runs">What to read.</param>
    /// <param name="isStopped">Whether to begin no more.</param>
    /// <exception cref="IOException">The disk does not give them.</exception>
    public void Read(IReadOnlyList<FileRun> runs, Func<bool> isStopped)
    {
        if (!HasRing)
        {
            ReadByThreads(runs, isStopped);
            return;
        }

        var missed = new List<FileRun>();
        _ring!.Read(_file, runs, missed.Add, isStopped);
        if (HasRing)
        {
            missed.ForEach(ReadPlainly);
        }
        else
        {
            ReadByThreads(missed, isStopped); // and whatever comes later
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ring?.Dispose();
        _file.Dispose();
        _cached.Dispose();
    }

    private bool HasRing => _ring is { IsBroken: false };

    private void ReadByThreads(IReadOnlyList<FileRun> runs, Func<bool> isStopped)
    {
        var next = -1;
        var readers = Enumerable.Range(0, Math.Min(Readers, runs.Count)).Select(_ => Task.Factory.StartNew(
            () =>
            {
                while (!isStopped() && Interlocked.Increment(ref next) is var run && run < runs.Count)
                {
                    if (RandomAccess.Read(_file, new Span<byte>((void*)runs[run].Target, runs[run].Length), runs[run].Start) < runs[run].Needed)
                    {
                        ReadPlainly(runs[run]);
                    }
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
        Task.WaitAll(readers);
    }

    // What the fast ways have not brought whole; a disk that fails says so here.
    private void ReadPlainly(FileRun run)
    {
        for (var done = 0; done < run.Needed;)
        {
            done += RandomAccess.Read(_cached, new Span<byte>((void*)(run.Target + done), run.Needed - done), run.Start + done) is var read and > 0 ? read
                : throw new EndOfStreamException($"the file ends at byte {run.Start + done}, and {run.Needed - done} more were expected.");
        }
    }

    // A handle of its own with O_DIRECT, and the smallest sectors that the disk below takes.
    private static (SafeFileHandle File, int Alignment)? PastCache(string path)
    {
        var flag = RuntimeInformation.ProcessArchitecture switch { Architecture.X64 => 0x4000, Architecture.Arm64 => 0x10000, _ => 0 };
        if (!OperatingSystem.IsLinux() || flag == 0)
        {
            return null;
        }

        var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var trial = NativeMemory.AlignedAlloc((nuint)Sectors[^1] * 2, (nuint)Sectors[^1]);
        try
        {
            if (ControlFile((int)file.DangerousGetHandle(), SetStatusFlags, flag) == 0)
            {
                foreach (var sector in Sectors)
                {
                    if (CanRead(file, (byte*)trial + sector, sector))
                    {
                        return (file, sector);
                    }
                }
            }

            file.Dispose();
            return null;
        }
        finally
        {
            NativeMemory.AlignedFree(trial);
        }
    }

    private static bool CanRead(SafeFileHandle file, byte* target, int sector)
    {
        try
        {
            return RandomAccess.Read(file, new Span<byte>(target, sector), sector) >= 0;
        }
        catch (IOException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int ControlFile(int file, int command, int value);
}
