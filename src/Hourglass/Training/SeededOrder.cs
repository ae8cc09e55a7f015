namespace Hourglass.Training;

/// <summary>A seeded permutation of samples; the same for the same seed and epoch, so that nothing of it needs saving.</summary>
/// <remarks>The numbers are shuffled where they stand and go back to their places at the end: an order takes no memory of its own,
/// so that split and order together take 8 bytes a sample.</remarks>
internal sealed class SeededOrder : IDisposable
{
    private const ulong Step = 0x9e3779b97f4a7c15;
    private readonly ulong _start;
    private bool _isUndone;

    private SeededOrder(long[] samples, ulong start) => (Samples, _start) = (samples, start);

    /// <summary>The caller's own array, in this order until <see cref="Dispose"/>.</summary>
    public long[] Samples { get; }

    /// <summary>Shuffles sample numbers in place (Fisher and Yates).</summary>
    public static SeededOrder Shuffle(long[] samples, int seed, int epoch)
    {
        var order = new SeededOrder(samples, Mix(seed, epoch));
        for (var last = samples.Length - 1; last > 0; last--)
        {
            order.Swap(last);
        }

        return order;
    }

    /// <summary>A seed from a seed and a place in the run.</summary>
    public static ulong Mix(int seed, long place) => Draw((((ulong)(uint)seed << 40) ^ (ulong)place) + Step);

    /// <summary>Puts the numbers back where they stood: the same swaps, the last one first.</summary>
    public void Dispose()
    {
        for (var last = 1; last < Samples.Length && !_isUndone; last++)
        {
            Swap(last);
        }

        _isUndone = true;
    }

    // The state of SplitMix64 counts its draws, so that any of them can be had again.
    private void Swap(int last)
    {
        var pick = (int)Math.BigMul(Draw(_start + ((ulong)(Samples.Length - last) * Step)), (ulong)last + 1, out _);
        (Samples[last], Samples[pick]) = (Samples[pick], Samples[last]);
    }

    // SplitMix64: Steele et al. 2014, https://doi.org/10.1145/2714064.2660195.
    private static ulong Draw(ulong state)
    {
        var mixed = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        return mixed ^ (mixed >> 31);
    }
}
