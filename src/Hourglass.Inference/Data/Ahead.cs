using Hourglass.Collectives;

namespace Hourglass.Data;

/// <summary>Pieces of work done by several threads some way ahead of whoever takes the results, which come in order.</summary>
internal static class Ahead
{
    /// <summary>Makes results for numbers from first to below last.</summary>
    /// <param name="first">First number.</param>
    /// <param name="last">After the last.</param>
    /// <param name="make">Called on threads of the pool; no more results than threads and one wait to be taken.</param>
    public static IEnumerable<T> InOrder<T>(int first, int last, Func<int, T> make) => InOrder(first, last, Collective.ThreadsOfRank() ?? Environment.ProcessorCount, make);

    /// <summary>Makes results for numbers from first to below last.</summary>
    /// <param name="first">First number.</param>
    /// <param name="last">After the last.</param>
    /// <param name="threads">Threads that work, beside the caller's; of 1 it is the caller's own.</param>
    /// <param name="make">Called on threads of the pool; no more results than threads and one wait to be taken.</param>
    public static IEnumerable<T> InOrder<T>(int first, int last, int threads, Func<int, T> make)
    {
        for (; threads == 1 && first < last; first++)
        {
            yield return make(first); // to hand each piece over and back would only cost two threads' waking
        }

        var pending = new Queue<Task<T>>();
        try
        {
            for (var next = first; next < last || pending.Count > 0;)
            {
                for (; next < last && pending.Count <= threads; next++)
                {
                    var number = next;
                    pending.Enqueue(Task.Run(() => make(number)));
                }

                yield return pending.Dequeue().GetAwaiter().GetResult();
            }
        }
        finally
        {
            // Whoever stops early closes what the pieces read from: wait until none is at it.
            Task.WhenAll(pending).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).Wait();
        }
    }
}
