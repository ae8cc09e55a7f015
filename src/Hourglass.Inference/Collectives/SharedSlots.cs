using System.IO.MemoryMappedFiles;
using System.Numerics.Tensors;
using System.Text;

namespace Hourglass.Collectives;

/// <summary>Memory that all ranks of one machine see: a slot of values for each, and sums of them without a copy.</summary>
/// <remarks>Each rank adds up its own stretch of all slots, in the order in which messages would have added them, and writes the sums into every slot. In between the ranks wait for each other.</remarks>
internal sealed unsafe class SharedSlots : IDisposable
{
    private const string Folder = "/dev/shm";
    private const int Line = 64; // bytes that one processor writes without disturbing others
    private const int Page = 4096;
    private const int Chunk = 1024; // values added up at once; they stay in the first cache
    private const int Spins = 2000; // of about 10 ns
    private const int Yields = 2000; // of about 1 us; whoever waits longer sleeps
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;
    private readonly long _stride;
    private readonly int _rank;
    private readonly int _size;
    private readonly float[] _scratch;
    private long _round;

    private SharedSlots(string path, int rank, int size, long length)
    {
        (_rank, _size, Length, _stride) = (rank, size, length, Stride(length));
        _map = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.ReadWrite);
        _view = _map.CreateViewAccessor(0, Bytes(size, length), MemoryMappedFileAccess.ReadWrite);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        _scratch = new float[Chunk * (2 + int.Log2(size))];
    }

    /// <summary>Values in a slot.</summary>
    public long Length { get; }

    /// <summary>This rank's slot.</summary>
    public float* Own => Slot(_rank);

    /// <summary>Opens memory for a slot of each rank.</summary>
    /// <param name="ranks">All of them make this call.</param>
    /// <param name="length">Values in a slot.</param>
    /// <returns>Null on all ranks where one of them does not see it.</returns>
    public static SharedSlots? Open(ICollective ranks, long length)
    {
        var path = Encoding.UTF8.GetString(Agreement.Told(ranks, ranks.Rank == 0 ? Encoding.UTF8.GetBytes(Create(Bytes(ranks.Size, length))) : []));
        var slots = path.Length == 0 ? null : TryMap(path, ranks, length);
        var isSeen = ranks.Gather([slots is null ? (byte)0 : (byte)1]).All(sees => sees[0] == 1);
        if (ranks.Rank == 0 && path.Length > 0)
        {
            File.Delete(path); // those who have it keep it, and nothing is left of a job that is killed
        }

        if (!isSeen)
        {
            slots?.Dispose();
        }

        return isSeen ? slots : null;
    }

    /// <summary>Replaces the first values of every slot by their sums over all.</summary>
    /// <param name="length">How many; the same on every rank.</param>
    public void Sum(int length)
    {
        Meet();
        var (first, last) = (First(length, _rank), First(length, _rank + 1));
        for (var start = first; start < last; start += Chunk)
        {
            var count = (int)Math.Min(Chunk, last - start);
            var sum = Tree(start, count, 0, 1, 0);
            for (var rank = 0; rank < _size; rank++)
            {
                sum.CopyTo(new Span<float>(Slot(rank) + start, count));
            }
        }

        Meet();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
    }

    // Memory that is there, not only promised: a page that cannot be had later would end the process. Empty where there is none.
    private static string Create(long bytes)
    {
        var path = Path.Combine(Folder, $"hourglass-{Guid.NewGuid():n}");
        try
        {
            using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, PreallocationSize = bytes });
            file.SetLength(bytes);
            return path;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static SharedSlots? TryMap(string path, ICollective ranks, long length)
    {
        try
        {
            return File.Exists(path) ? new SharedSlots(path, ranks.Rank, ranks.Size, length) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // A page of marks, a line for each rank, then the slots.
    private static long Bytes(int size, long length) => Marks(size) + (size * Stride(length) * sizeof(float));

    private static long Marks(int size) => (((long)size * Line) + Page - 1) / Page * Page;

    private static long Stride(long length) => (Math.Max(length, 1) + (Page / sizeof(float)) - 1) / (Page / sizeof(float)) * (Page / sizeof(float));

    private float* Slot(int rank) => (float*)(_start + Marks(_size)) + (rank * _stride);

    private static long First(int length, int rank, int size) => rank == size ? length : (long)length * rank / size / (Line / sizeof(float)) * (Line / sizeof(float));

    private long First(int length, int rank) => First(length, rank, _size);

    // The sum over the ranks from one on, every so many: those of the tree that RankGroup's messages follow.
    private ReadOnlySpan<float> Tree(long start, int count, int rank, int step, int depth)
    {
        var even = RankGroup.EvenRanks(_size);
        var own = new ReadOnlySpan<float>(Slot(rank) + start, count);
        var room = _scratch.AsSpan(depth * Chunk, count);
        if (step == even)
        {
            if (rank + even >= _size)
            {
                return own;
            }

            TensorPrimitives.Add(own, new ReadOnlySpan<float>(Slot(rank + even) + start, count), room);
            return room;
        }

        var first = Tree(start, count, rank, 2 * step, depth);
        TensorPrimitives.Add(first, Tree(start, count, rank + step, 2 * step, depth + 1), room);
        return room;
    }

    // Until all have come as far.
    private void Meet()
    {
        var round = ++_round;
        Volatile.Write(ref *Mark(_rank), round);
        for (var rank = 0; rank < _size; rank++)
        {
            for (var waited = 0; Volatile.Read(ref *Mark(rank)) < round; waited++)
            {
                Wait(waited);
            }
        }
    }

    private static void Wait(int waited)
    {
        if (waited < Spins)
        {
            Thread.SpinWait(8);
        }
        else if (waited < Spins + Yields)
        {
            Thread.Yield();
        }
        else
        {
            Thread.Sleep(1);
        }
    }

    private long* Mark(int rank) => (long*)(_start + ((long)rank * Line));
}
