using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Hourglass.Collectives;

namespace Hourglass.Tests.Collectives;

/// <summary>Ranks that are threads of this process: what the collectives and the trainer do among several, without MPI.</summary>
internal sealed class ThreadRanks : ITransport
{
    private readonly BlockingCollection<byte[]>[,] _wires; // [from, to]

    private ThreadRanks(BlockingCollection<byte[]>[,] wires, int rank, bool sharesMemory)
    {
        (_wires, Rank, SharesMemory) = (wires, rank, sharesMemory);
    }

    public bool SharesMemory { get; }

    public int Rank { get; }

    public int Size => _wires.GetLength(0);

    public string Description => "threads";

    /// <summary>Runs the same work on every rank.</summary>
    /// <param name="size">Ranks.</param>
    /// <param name="work">Given what each sees of the others.</param>
    /// <param name="sharesMemory">Whether they add up where they lie; then a fault of one leaves the others waiting.</param>
    /// <returns>What each made.</returns>
    public static T[] Run<T>(int size, Func<ICollective, T> work, bool sharesMemory = false)
    {
        var wires = new BlockingCollection<byte[]>[size, size];
        for (var wire = 0; wire < size * size; wire++)
        {
            wires[wire / size, wire % size] = [];
        }

        var (results, faults) = (new T[size], new ConcurrentBag<Exception>());
        var threads = Enumerable.Range(0, size).Select(rank => new Thread(() =>
        {
            try
            {
                using var group = new RankGroup(new ThreadRanks(wires, rank, sharesMemory));
                results[rank] = work(group);
            }
            catch (Exception fault)
            {
                faults.Add(fault);
                foreach (var wire in wires)
                {
                    wire.CompleteAdding(); // nobody waits for a rank that is gone
                }
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        if ((faults.FirstOrDefault(fault => fault is not InvalidOperationException) ?? faults.FirstOrDefault()) is { } first)
        {
            ExceptionDispatchInfo.Throw(first);
        }

        return results;
    }

    public void Exchange(int to, ReadOnlySpan<byte> sent, int from, Span<byte> received)
    {
        if (to >= 0)
        {
            _wires[Rank, to].Add(sent.ToArray());
        }

        if (from >= 0)
        {
            var message = _wires[from, Rank].Take();
            Assert.Equal(received.Length, message.Length);
            message.CopyTo(received);
        }
    }

    public void Abort(int exitCode)
    {
    }

    public void Dispose()
    {
    }
}
