namespace Hourglass.Data.Stores;

/// <summary>Reads the samples that a pass will ask for next, so that a disk works on many of them while a step computes. Only where the store takes more than half of the memory.</summary>
/// <remarks>A thread of its own fills two rooms in turn, each with a part of the pass; the store hands out what lies in them. What does not is read from mapped memory, as ever.</remarks>
internal sealed unsafe class ReadAhead : IDisposable
{
    private const int LongestSample = 1 << 27; // values; a room holds at least one
    private readonly SampleStore? _store;
    private readonly long[] _order;
    private readonly Predicate<int>? _isMine;
    private readonly int _part; // places of the order in a room
    private readonly StagedSamples[] _rooms = [new(), new()];
    private readonly SemaphoreSlim _free = new(2);
    private readonly SemaphoreSlim _filled = new(0);
    private readonly Task _running = Task.CompletedTask;
    private volatile bool _isStopped;
    private volatile Exception? _fault;
    private int _arrived; // parts that were taken up, and of these, parts that were given back
    private int _left;

    /// <summary>For one pass over a store in an order of its own.</summary>
    /// <param name="store">The samples.</param>
    /// <param name="order">The pass; nobody changes it meanwhile.</param>
    /// <param name="isMine">Which of its places are read in this process; all when null.</param>
    /// <param name="memory">Bytes of memory beside which the store is large or not.</param>
    /// <param name="usesRing">Whether to read by a ring where the system has them.</param>
    public ReadAhead(SampleStore store, long[] order, Predicate<int>? isMine, long memory, bool usesRing = true)
    {
        (_order, _isMine) = (order, isMine);
        _part = RunsOfSamples.Staged(store);
        if (!IsNeeded(store, memory) || order.Length == 0 || StoreFile.TryOpen(store, store.Bytes > memory / 4 * 3, usesRing) is not { } file)
        {
            return;
        }

        if (!store.TryStage(this))
        {
            file.Dispose();
            return;
        }

        (_store, Way) = (store, file.Way);
        _running = Task.Factory.StartNew(() => Fill(file), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>How it reads.</summary>
    public string Way { get; } = "mapped memory";

    /// <summary>Whether a store is so large that reading ahead pays.</summary>
    /// <param name="store">The samples.</param>
    /// <param name="memory">Bytes of memory.</param>
    public static bool IsNeeded(SampleStore store, long memory) => store.Bytes > memory / 2 && store.SampleLength <= LongestSample;

    /// <summary>Waits until samples are there; those of earlier places are done with.</summary>
    /// <param name="place">Where the pass is.</param>
    /// <param name="count">How many come now.</param>
    /// <exception cref="DataException">The store cannot be read.</exception>
    public void Reached(int place, int count)
    {
        var (first, last) = (place / _part, Math.Min(place + Math.Max(count, 1) - 1, _order.Length - 1) / _part);
        while (_store is not null && _left < first)
        {
            Take(_left);
            _left++;
            _free.Release();
        }

        if (_store is not null)
        {
            Take(Math.Min(last, _left + 1));
        }
    }

    /// <summary>Where a sample lies that has been read; null where it has not.</summary>
    public byte* Find(long sample)
    {
        for (var part = _left; part < _arrived; part++)
        {
            if (_rooms[part % 2].Find(sample) is var place && place is not null)
            {
                return place;
            }
        }

        return null;
    }

    /// <summary>From here on the store is read as any file.</summary>
    public void Dispose()
    {
        _isStopped = true;
        _free.Release(2);
        _running.Wait();
        _store?.Unstage();
        Array.ForEach(_rooms, room => room.Dispose());
        _free.Dispose();
        _filled.Dispose();
    }

    private void Take(int part)
    {
        for (; _arrived <= part; _arrived++)
        {
            _filled.Wait();
            if (_fault is { } fault)
            {
                throw new DataException($"{_store!.Path}: the samples cannot be read: {fault.Message}", fault);
            }
        }
    }

    private void Fill(StoreFile file)
    {
        try
        {
            using (file)
            {
                for (var start = 0L; start < _order.Length; start += _part)
                {
                    _free.Wait();
                    if (_isStopped)
                    {
                        return;
                    }

                    var room = _rooms[(int)(start / _part % 2)];
                    Choose((int)start, room.Samples);
                    room.Fill(_store!, file, () => _isStopped);
                    _filled.Release();
                }
            }
        }
        catch (Exception fault) when (fault is IOException or AggregateException or UnauthorizedAccessException or OutOfMemoryException)
        {
            _fault = fault.GetBaseException();
            _filled.Release(2);
        }
    }

    private void Choose(int start, List<long> samples)
    {
        samples.Clear();
        for (var place = start; place < Math.Min((long)start + _part, _order.Length); place++)
        {
            if (_isMine?.Invoke(place) ?? true)
            {
                samples.Add(_order[place]);
            }
        }
    }
}
