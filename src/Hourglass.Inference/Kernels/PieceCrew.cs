using System.Runtime.ExceptionServices;

namespace Hourglass.Kernels;

/// <summary>Threads that take pieces of one small piece of work after another, each as many as it comes to.</summary>
/// <remarks>The caller waits for pieces, not for threads: one that wakes late holds nobody up.</remarks>
internal sealed class PieceCrew : IDisposable
{
    private const int Spins = 500; // of about 40 ns: to sleep and to wake takes longer
    private readonly Helper[] _helpers;
    private volatile Round _round = new(0, static _ => { });
    private volatile bool _ended;

    /// <summary>Starts the crew.</summary>
    /// <param name="size">Threads, the caller's included.</param>
    public PieceCrew(int size)
    {
        _helpers = [.. Enumerable.Range(0, Math.Max(1, size) - 1).Select(_ => new Helper())];
        foreach (var helper in _helpers)
        {
            helper.Thread = new Thread(() => Serve(helper)) { IsBackground = true, Name = "Hourglass pieces" };
            helper.Thread.Start();
        }
    }

    /// <summary>Threads, the caller's included.</summary>
    public int Size => _helpers.Length + 1;

    /// <summary>Does all pieces and returns when they are done. One caller at a time.</summary>
    /// <param name="count">How many.</param>
    /// <param name="work">Told the piece's number; may run on several threads at a time.</param>
    public void Run(int count, Action<int> work)
    {
        var round = new Round(count, work);
        _round = round;
        foreach (var helper in _helpers.AsSpan(0, Math.Clamp(count - 1, 0, _helpers.Length)))
        {
            helper.Wake();
        }

        round.Work();
        round.Await(Spins);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ended = true;
        foreach (var helper in _helpers)
        {
            helper.Wake();
            helper.Thread!.Join();
            helper.Signal.Dispose();
        }
    }

    private void Serve(Helper helper)
    {
        var done = _round;
        while (!_ended)
        {
            for (var spin = 0; spin < Spins && _round == done && !_ended; spin++)
            {
                Thread.SpinWait(8);
            }

            if (_round == done)
            {
                helper.Sleep(() => _round != done || _ended);
            }

            done = _round;
            done.Work();
        }
    }

    private sealed class Helper
    {
        private int _isAsleep;

        public Thread? Thread { get; set; }

        public SemaphoreSlim Signal { get; } = new(0);

        public void Wake()
        {
            Interlocked.MemoryBarrier();
            if (Interlocked.Exchange(ref _isAsleep, 0) == 1)
            {
                Signal.Release();
            }
        }

        // What came between the look and the sleep wakes it at once, or has found it awake and is seen here.
        public void Sleep(Func<bool> hasWork)
        {
            Volatile.Write(ref _isAsleep, 1);
            Interlocked.MemoryBarrier();
            if (!hasWork() || Interlocked.Exchange(ref _isAsleep, 0) == 0)
            {
                Signal.Wait();
            }
        }
    }

    // One piece of work; a thread that comes late finds no piece left in it.
    private sealed class Round(int count, Action<int> work)
    {
        private readonly object _gate = new();
        private int _begun;
        private int _done;
        private Exception? _fault;

        private bool IsDone => Volatile.Read(ref _done) == count;

        public void Work()
        {
            while (Interlocked.Increment(ref _begun) is var piece && piece <= count)
            {
                try
                {
                    work(piece - 1);
                }
#pragma warning disable CA1031 // Whatever a thread of the crew meets is thrown again on the caller's.
                catch (Exception fault)
#pragma warning restore CA1031
                {
                    _fault ??= fault;
                }

                if (Interlocked.Increment(ref _done) == count)
                {
                    lock (_gate)
                    {
                        Monitor.PulseAll(_gate);
                    }
                }
            }
        }

        public void Await(int spins)
        {
            for (var spin = 0; spin < spins && !IsDone; spin++)
            {
                Thread.SpinWait(8);
            }

            lock (_gate)
            {
                while (!IsDone)
                {
                    Monitor.Wait(_gate);
                }
            }

            if (_fault is { } fault)
            {
                ExceptionDispatchInfo.Throw(fault);
            }
        }
    }
}
