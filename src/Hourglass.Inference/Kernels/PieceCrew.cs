using System.Runtime.ExceptionServices;

namespace Hourglass.Kernels;

/// <summary>Threads that take pieces of one small piece of work after another, each as many as it comes to.</summary>
/// <remarks>The caller waits for pieces, not for threads: one that wakes late holds nobody up.</remarks>
internal sealed class PieceCrew : IDisposable
{
    private readonly Thread[] _helpers;
    private readonly AwaitedNumber _rounds = new(0);
    private volatile Round _round = new(0, static _ => { });
    private volatile bool _ended;

    /// <summary>Starts the crew.</summary>
    /// <param name="size">Threads, the caller's included.</param>
    public PieceCrew(int size)
    {
        _helpers = [.. Enumerable.Range(0, Math.Max(1, size) - 1).Select(_ => new Thread(Serve) { IsBackground = true, Name = "Hourglass pieces" })];
        Array.ForEach(_helpers, helper => helper.Start());
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
        _rounds.Increment(Math.Max(count - 1, 0));
        round.Work();
        round.Await();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ended = true;
        _rounds.Increment();
        Array.ForEach(_helpers, helper => helper.Join());
    }

    private void Serve()
    {
        for (var seen = 0; !_ended;)
        {
            _rounds.AwaitOther(seen);
            seen = _rounds.Value;
            _round.Work();
        }
    }

    // One piece of work; a thread that comes late finds no piece left in it.
    private sealed class Round(int count, Action<int> work)
    {
        private readonly AwaitedNumber _left = new(count);
        private int _begun;
        private Exception? _fault;

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

                _left.Decrement();
            }
        }

        public void Await()
        {
            _left.Await(0);
            if (_fault is { } fault)
            {
                ExceptionDispatchInfo.Throw(fault);
            }
        }
    }
}
