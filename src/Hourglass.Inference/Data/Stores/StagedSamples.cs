using System.Runtime.InteropServices;

namespace Hourglass.Data.Stores;

/// <summary>Room for a part of a pass: samples that have been read, and where each lies.</summary>
internal sealed unsafe class StagedSamples : IDisposable
{
    private const int LongestRun = 1 << 20; // bytes; from 128 kB on, longer reads were hardly faster
    private const int LongestGap = 1 << 14; // bytes between samples that cost less to read than another request does
    private const int Page = 4096;
    private const int SmallestRoom = 40 << 20; // bytes; glibc gives pieces of more than 32 MiB back to the system at once, and pages that nobody touches are none
    private readonly Dictionary<long, nint> _places = [];
    private readonly List<FileRun> _runs = [];
    private byte* _room;
    private long _size;

    /// <summary>Numbers of the samples that belong here.</summary>
    public List<long> Samples { get; } = [];

    /// <summary>Reads them.</summary>
    /// <param name="store">Where they belong.</param>
    /// <param name="file">Its file.</param>
    /// <param name="isStopped">Whether to give up.</param>
    public void Fill(SampleStore store, StoreFile file, Func<bool> isStopped)
    {
        Samples.Sort();
        Reserve(Plan(store, file.Alignment));
        foreach (ref var run in CollectionsMarshal.AsSpan(_runs))
        {
            run = run with { Target = run.Target + (nint)_room };
        }

        file.Read(_runs, isStopped);
    }

    /// <summary>Where a sample lies; null where it is not here.</summary>
    public byte* Find(long sample) => _places.TryGetValue(sample, out var place) ? _room + place : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_room);
        _room = null;
    }

    // Runs of whole sectors. Gaps are read with what is around them while they take no more memory than the samples do.
    private long Plan(SampleStore store, int alignment)
    {
        _places.Clear();
        _runs.Clear();
        var (used, gaps, allowed) = (0L, 0L, Samples.Count * store.SampleBytes);
        foreach (var sample in Samples)
        {
            if (store.InFile(sample) is not { Length: > 0 } place)
            {
                continue; // nothing, or altered: the store says so when it is asked
            }

            var (start, length) = place;
            var (from, to) = (start / alignment * alignment, (start + length + alignment - 1) / alignment * alignment);
            var last = _runs.Count == 0 ? default : _runs[^1];
            var gap = Math.Max(0, from - (last.Start + last.Length));
            if (_runs.Count > 0 && gap <= LongestGap && gaps + gap <= allowed && to - last.Start <= LongestRun)
            {
                var longer = Math.Max(last.Start + last.Length, to) - last.Start;
                used += longer - last.Length;
                gaps += gap;
                _runs[^1] = last with { Length = (int)longer, Needed = (int)Math.Max(last.Needed, start + length - last.Start) };
            }
            else
            {
                _runs.Add(new FileRun(from, (int)(to - from), (int)(start + length - from), (nint)used));
                used += to - from;
            }

            _places[sample] = (nint)(_runs[^1].Target + (start - _runs[^1].Start));
        }

        return used;
    }

    private void Reserve(long size)
    {
        if (size > _size)
        {
            NativeMemory.AlignedFree(_room);
            _size = Math.Max(size + (size / 4), SmallestRoom);
            _room = (byte*)NativeMemory.AlignedAlloc((nuint)_size, Page);
        }
    }
}
