using System.Runtime.ExceptionServices;

namespace Hourglass.Kernels;

/// <summary>Threads that share one small piece of work after another, each always the same part of it. Denormal numbers are zero to all of them, the caller included.</summary>
internal sealed class WorkCrew : IDisposable
{
    private readonly Thread[] _threads;
    private readonly AwaitedNumber _piece = new(0);
    private readonly AwaitedNumber _pending = new(0);
    private Action<int>? _work;
    private volatile bool _ended;
    private Exception? _fault;

    /// <summary>Starts the crew.</summary>
    /// <param name="size">Threads, the caller's included.</param>
    public WorkCrew(int size)
    {
        Size = Math.Max(1, size);
        _threads = new Thread[Size - 1];
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
        using var flushed = FlushedDenormals.Begin();
        if (_threads.Length == 0)
        {
            work(0);
            return;
        }

        (_work, _fault) = (work, null);
        _pending.Set(_threads.Length);
        _piece.Increment();
        Guarded(work, 0);
        _pending.Await(0);
        if (_fault is { } fault)
        {
            ExceptionDispatchInfo.Throw(fault);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ended = true;
        _piece.Increment();
        Array.ForEach(_threads, thread => thread.Join());
    }

    private void Serve(int number)
    {
        using var flushed = FlushedDenormals.Begin();
        var seen = 0;
        while (true)
        {
            _piece.AwaitOther(seen);
            if (_ended)
            {
                return;
            }

            seen++;
            Guarded(_work!, number + 1);
            _pending.Decrement();
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
