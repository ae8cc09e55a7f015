using System.Reflection;
using System.Runtime.InteropServices;
using Hourglass.Data;
using Hourglass.Data.Stores;
using Microsoft.Win32.SafeHandles;

namespace Hourglass.Tests.Data;

/// <summary>A store's file read by a ring that breaks, and by threads, is read as by one that does not.</summary>
public sealed unsafe class StoreFileTests : IDisposable
{
    private const int Count = 60_000;
    private const int Width = 16;
    private const int RunBytes = 256;
    private readonly SampleStore _store = Store();
    private readonly byte* _room = (byte*)NativeMemory.AllocZeroed(Count * Width * sizeof(float));

    public void Dispose()
    {
        NativeMemory.Free(_room);
        _store.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_way_is_the_one_asked_for(bool usesRing)
    {
        using var ring = ReadRing.TryCreate();
        using var file = StoreFile.TryOpen(_store, bypassesCache: false, usesRing)!;
        Assert.Equal(usesRing && ring is not null ? "io_uring" : "16 threads", file.Way);
        file.Read(Runs(), () => false);
        AssertRead();
    }

    // At the first call, in the midst of hundreds of runs, and after some were read well.
    [Theory]
    [InlineData(1)]
    [InlineData(9)]
    public void Where_the_ring_breaks_threads_read_what_has_not_come_and_all_that_follows(int calls)
    {
        using var file = StoreFile.TryOpen(_store, bypassesCache: false, usesRing: true)!;
        Assert.SkipUnless(file.Way == "io_uring", "The system has no rings, or lets this process use none.");
        file.Read(Runs(), () =>
        {
            if (--calls == 0)
            {
                Handle(file).Dispose();
            }

            return false;
        });
        Assert.True(calls < 0, "The ring was done before it broke.");
        Assert.Equal("16 threads", file.Way);
        AssertRead();
        new Span<byte>(_room, Count * Width * sizeof(float)).Clear();
        file.Read(Runs(), () => false);
        AssertRead();
    }

    private static SafeFileHandle Handle(StoreFile file)
    {
        var ring = typeof(StoreFile).GetField("_ring", BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(file)!;
        return (SafeFileHandle)ring.GetType().GetField("_ring", BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(ring)!;
    }

    private List<FileRun> Runs() => [.. Enumerable.Range(0, Count * Width * sizeof(float) / RunBytes).Select(run => new FileRun(StoreHeader.Size + ((long)run * RunBytes), RunBytes, RunBytes, (nint)_room + (run * RunBytes)))];

    private void AssertRead()
    {
        var expected = new float[Count * Width];
        _store.Read(0, Count, expected);
        Assert.True(new ReadOnlySpan<float>(_room, expected.Length).SequenceEqual(expected));
    }

    private static SampleStore Store()
    {
        using var writer = SampleStore.CreateTemporary(null, [Width], ElementType.Float32);
        writer.Append([.. Enumerable.Range(0, Count * Width).Select(value => value + 1f)]);
        return writer.Finish();
    }
}
