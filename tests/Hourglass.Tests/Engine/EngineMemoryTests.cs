using Hourglass.Engine;

namespace Hourglass.Tests.Engine;

public sealed class EngineMemoryTests
{
    [Fact]
    public void The_library_takes_what_it_is_told()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/lib/x86_64-linux-gnu/libc.so.6"), "The GNU C library's allocator is told.");
        using var first = EngineMemory.Keep();
        using var second = EngineMemory.Keep();

        Assert.True(first.IsTold);
        Assert.True(second.IsTold);
    }
}
