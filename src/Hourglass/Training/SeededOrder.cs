namespace Hourglass.Training;

/// <summary>A seeded permutation of samples; the same for the same seed and epoch, so that nothing of it needs saving.</summary>
internal static class SeededOrder
{
    /// <summary>Shuffles a copy of the sample numbers (Fisher and Yates).</summary>
    public static long[] Shuffle(long[] samples, int seed, int epoch)
    {
        var order = (long[])samples.Clone();
        var state = Mix(seed, epoch);
        for (var last = order.Length - 1; last > 0; last--)
        {
            var pick = (int)(((UInt128)Next(ref state) * (ulong)(last + 1)) >> 64);
            (order[last], order[pick]) = (order[pick], order[last]);
        }

        return order;
    }

    /// <summary>A seed from a seed and a place in the run.</summary>
    public static ulong Mix(int seed, long place)
    {
        var state = ((ulong)(uint)seed << 40) ^ (ulong)place;
        return Next(ref state);
    }

    // SplitMix64: Steele et al. 2014, https://doi.org/10.1145/2714064.2660195.
    private static ulong Next(ref ulong state)
    {
        state += 0x9e3779b97f4a7c15;
        var mixed = state;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        return mixed ^ (mixed >> 31);
    }
}
