using System.Globalization;
using Hourglass.Engine;
using static TorchSharp.torch;

namespace Hourglass.Tests.Engine;

public sealed class EngineMemoryTests
{
    // 32 MB are 8,192 pages: where memory goes back to the system, each round brings all of them in again.
    [Fact]
    public void Memory_that_is_freed_serves_again_without_page_faults()
    {
        Assert.SkipUnless(File.Exists("/proc/thread-self/stat") && File.Exists("/lib/x86_64-linux-gnu/libc.so.6"), "The GNU C library's allocator is told, and Linux counts a thread's faults.");
        using var memory = EngineMemory.Keep();
        Round();
        var before = Faults();
        for (var round = 0; round < 8; round++)
        {
            Round();
        }

        Assert.InRange(Faults() - before, 0, 8_192);
    }

    // Eight blocks of 4 MB, each written to on this thread.
    private static void Round()
    {
        using var scope = NewDisposeScope();
        for (var block = 0; block < 8; block++)
        {
            empty(1 << 20).bytes.Fill(1);
        }
    }

    private static long Faults() => long.Parse(File.ReadAllText("/proc/thread-self/stat").Split(' ')[^43], CultureInfo.InvariantCulture);
}
