using System.Runtime.ExceptionServices;

namespace Hourglass.Kernels;

/// <summary>Threads that share one small piece of work after another, each always the same part of it. Denormal numbers are zero to all of them, the caller included.</summary>
internal sealed class WorkCrew : IDisposable
{
    private readonly Thread[] _threads;
    private readonly AwaitedNumber _piece = new(0);
    private readonly AwaitedNumber _pending = new(0);
    private readonly AwaitedNumber _changes = new(0); // of the shape
    private Action<int>? _work;
    private volatile bool _ended;
    private Exception? _fault;
    private volatile Shape _shape;

    /// <summary>Starts the crew.</summary>
    /// <param name="most">Threads, the caller's included.</param>
    public WorkCrew(int most)
    {
        Most = Math.Max(1, most);
        _shape = new Shape(Most, 0);
        _threads = new Thread[Most - 1];
        for (var number = 0; number < _threads.Length; number++)
        {
            var mine = number;
            _threads[number] = new Thread(() => Serve(mine)) { IsBackground = true, Name = $"Hourglass step {number + 1}" };
            _threads[number].Start();
        }
    }

    /// <summary>Threads that there are, the caller's included.</summary>
    public int Most { get; }

    /// <summary>Threads that share the next piece of work, the caller's included; the others sleep.</summary>
    public int Size
    {
        get => _shape.Size;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, Most);
            if (value != Size)
            {
                _shape = new Shape(value, _piece.Value);
                _changes.Increment();
            }
        }
    }

    /// <summary>Does one piece of work and returns when all threads are through.</summary>
    /// <param name="work">Told the thread's number, 0 for the caller.</param>
    public void Run(Action<int> work)
    {
        using var flushed = FlushedDenormals.Begin();
        var size = Size;
        if (size == 1)
        {
            work(0);
            return;
        }

        (_work, _fault) = (work, null);
        _pending.Set(size - 1);
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
        _changes.Increment();
        Array.ForEach(_threads, thread => thread.Join());
    }

    private void Serve(int number)
    {
        using var flushed = FlushedDenormals.Begin();
        var (shape, seen) = (_shape, 0);
        while (true)
        {
            var (change, piece, now) = (_changes.Value, _piece.Value, _shape);
            if (_ended)
            {
                return;
            }

            if (!ReferenceEquals(now, shape))
            {
                (shape, seen) = (now, now.Pieces);
            }
            else if (number + 1 >= shape.Size)
            {
                _changes.AwaitOther(change);
            }
            else if (piece == seen)
            {
                _piece.AwaitOther(seen);
            }
            else
            {
                seen++;
                Guarded(_work!, number + 1);
                _pending.Decrement();
            }
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

    // A piece that a thread sees while the shape is the same before and after was begun under it, and none ends without those who belong to it.
    private sealed record Shape(int Size, int Pieces);
}
