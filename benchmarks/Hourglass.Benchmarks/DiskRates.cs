using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Hourglass.Data.Stores;

namespace Hourglass.Benchmarks;

/// <summary>What a disk gives of reads at random places, past the system's cache: by their length, by how many are under way, by one thread and by two.</summary>
internal static unsafe class DiskRates
{
    private const int Width = 1024; // float32 values of a sample: 4 kB
    private const int RoomBytes = 1 << 26;
    private const int Page = 4096;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1.5);
    private static readonly (int Bytes, int Threads, int Depth)[] Ways =
    [
        (512, 1, 256), (4096, 1, 1), (4096, 1, 16), (4096, 1, 64), (4096, 1, 256), (4096, 1, 1024), (4096, 1, 4096), (4096, 2, 128), (4096, 2, 512), (8192, 1, 256), (16_384, 1, 256), (131_072, 1, 32), (131_072, 1, 256), (131_072, 2, 128),
    ];

    public static int Run(string[] args)
    {
        Console.WriteLine(SpeedMachine.Processor);
        using var store = OutOfCore.Write(args, Width, Arguments.Number(args, "--gigabytes", 4) * 1_000_000_000L / (sizeof(float) * Width));
        Console.WriteLine($"{"bytes",8} {"threads",8} {"under way",10} {"reads/s",10} {"MB/s",8}   way");
        foreach (var (bytes, threads, depth) in Ways)
        {
            var done = new (double Rate, string Way)[threads];
            Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, thread => done[thread] = Rate(store, bytes, depth, thread));
            var rate = done.Sum(one => one.Rate);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{bytes,8} {threads,8} {depth * threads,10} {rate,10:N0} {rate * bytes / 1e6,8:N0}   {done[0].Way}"));
        }

        return 0;
    }

    // Runs of one call fill a room at most, so that no read goes where another does.
    private static (double Rate, string Way) Rate(SampleStore store, int bytes, int depth, int seed)
    {
        using var file = StoreFile.TryOpen(store, bypassesCache: true, usesRing: true, depth) ?? throw new IOException($"{store.Path} cannot be opened.");
        var (random, runs) = (new Random(seed), new FileRun[Math.Min(RoomBytes / bytes, 8192)]);
        var room = (byte*)NativeMemory.AlignedAlloc(RoomBytes, Page);
        try
        {
            var (clock, read) = (Stopwatch.StartNew(), 0L);
            for (; clock.Elapsed < Window; read += runs.Length)
            {
                for (var run = 0; run < runs.Length; run++)
                {
                    runs[run] = new FileRun(random.NextInt64((store.Bytes - bytes) / bytes) * bytes, bytes, bytes, (nint)room + (run * bytes));
                }

                file.Read(runs, () => false);
            }

            return (read / clock.Elapsed.TotalSeconds, file.Way);
        }
        finally
        {
            NativeMemory.AlignedFree(room);
        }
    }
}
