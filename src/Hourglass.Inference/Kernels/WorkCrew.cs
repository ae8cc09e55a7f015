using System.Runtime.ExceptionServices;

namespace Hourglass.Kernels;

/// <summary>Threads that share one small piece of work after another, each always the same part of it.</summary>
/// <remarks>Between pieces a thread spins for some microseconds and then sleeps: a barrier that only spins collapses on a machine that is busy with other work.</remarks>
internal sealed class WorkCrew : IDisposable
{
    private const int Spins = 2000; // of about 10 ns
    private readonly Thread[] _threads;
    private readonly SemaphoreSlim[] _wake;
    private readonly int[] _isAsleep;
    private readonly SemaphoreSlim _done = new(0);
    private Action<int>? _work;
    private int _piece;
    private int _pending;
    private int _callerIsAsleep;
    private volatile bool _ended;
    private Exception? _fault;

    /// <summary>Starts the crew.</summary>
    /// <param name="size">Threads, the caller's included.</param>
    public WorkCrew(int size)
    {
        Size = Math.Max(1, size);
        _threads = new Thread[Size - 1];
        _wake = [.. _threads.Select(_ => new SemaphoreSlim(0))];
        _isAsleep = new int[_threads.Length];
        for (var number = 0; number < _threads.Length; number++)
        {
            var mine = number;
            _threads[number] = new Thread(() => Serve(mine)) { IsBackground = true, Name = $"Hourglass step {number + 1}" };
            _threads[number].Start();
        }
    }

    /// <summary>Threads, the caller's included.</summary>
    public int Size { get; }

    /// <summary>Does one piece of work and returns when all threads are through.</summary>
    /// <param name="work">Told the thread's number, 0 for the caller.</param>
    public void Run(Action<int> work)
    {
        if (_threads.Length == 0)
        {
            work(0);
            return;
        }

        (_work, _fault) = (work, null);
        Volatile.Write(ref _pending, _threads.Length);
        Interlocked.Increment(ref _piece);
        for (var number = 0; number < _threads.Length; number++)
        {
            if (Interlocked.Exchange(ref _isAsleep[number], 0) == 1)
            {
                _wake[number].Release();
            }
        }

        Guarded(work, 0);
        AwaitOthers();
        if (_fault is { } fault)
        {
            ExceptionDispatchInfo.Throw(fault);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ended = true;
        Interlocked.Increment(ref _piece);
        foreach (var wake in _wake)
        {
            wake.Release();
        }

        foreach (var thread in _threads)
        {
            thread.Join();
        }

        Array.ForEach(_wake, wake => wake.Dispose());
        _done.Dispose();
    }

    // A caller that yields its core while it waits for some microseconds may get it back only a time slice later: it spins, then sleeps.
    // A thread that is slow to leave the piece before this one may wake it too early: it looks again.
    private void AwaitOthers()
    {
        while (true)
        {
            for (var spin = 0; spin < Spins; spin++)
            {
                if (Volatile.Read(ref _pending) == 0)
                {
                    return;
                }

                Thread.SpinWait(8);
            }

            Volatile.Write(ref _callerIsAsleep, 1);
            Interlocked.MemoryBarrier();
            if (Volatile.Read(ref _pending) == 0 && Interlocked.Exchange(ref _callerIsAsleep, 0) == 1)
            {
                return; // the last one came in between and has posted nothing
            }

            _done.Wait();
        }
    }

    private void Serve(int number)
    {
        var seen = 0;
        while (true)
        {
            Await(number, seen);
            if (_ended)
            {
                return;
            }

            seen++;
            Guarded(_work!, number + 1);
            if (Interlocked.Decrement(ref _pending) == 0 && Interlocked.Exchange(ref _callerIsAsleep, 0) == 1)
            {
                _done.Release();
            }
        }
    }

    // A caller that is held up between a piece's start and its wake-ups may wake a thread that is done with the piece already: such a thread sleeps again.
    private void Await(int number, int seen)
    {
        while (Volatile.Read(ref _piece) == seen)
        {
            for (var spin = 0; spin < Spins; spin++)
            {
                if (Volatile.Read(ref _piece) != seen)
                {
                    return;
                }

                Thread.SpinWait(8);
            }

            Volatile.Write(ref _isAsleep[number], 1);
            Interlocked.MemoryBarrier();
            if (Volatile.Read(ref _piece) != seen && Interlocked.Exchange(ref _isAsleep[number], 0) == 1)
            {
                return; // work came in between, and nobody has posted a wake-up for it
            }

            _wake[number].Wait();
        }
    }

    private void Guarded(Action<int> work, int number)
    {
        try
        {
            work(number);
        }
#pragma warning disable CA1031 // Whatever a thread of the crew meets is thrown again on the caller's.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            _fault ??= fault;
        }
    }
}
