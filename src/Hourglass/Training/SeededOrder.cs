namespace Hourglass.Training;

/// <summary>A seeded permutation of samples; the same for the same seed and epoch, so that nothing of it needs saving.</summary>
/// <remarks>The numbers are shuffled where they stand and go back to their places at the end: an order takes no memory of its own,
/// so that split and order together take 8 bytes a sample.</remarks>
internal sealed class SeededOrder : IDisposable
{
    private const ulong Step = 0x9e3779b97f4a7c15;
    private readonly ulong _start;
    private readonly int _run; // samples that stay neighbours until runs are mixed; 1 where there are no runs
    private readonly int _window; // samples that are mixed with each other
    private readonly int _first; // samples before the first run
    private bool _isUndone;

    private SeededOrder(long[] samples, ulong start, int run, int window)
    {
        (Samples, _start, _run, _window) = (samples, start, run, Math.Max(window, 1));
        _first = run == 1 ? 0 : (int)Math.BigMul(Draw(start - Step), (ulong)run, out _);
    }

    /// <summary>The caller's own array, in this order until <see cref="Dispose"/>.</summary>
    public long[] Samples { get; }

    private int Runs => _run == 1 ? 0 : Math.Max(0, Samples.Length - _first) / _run;

    /// <summary>Shuffles sample numbers in place (Fisher and Yates).</summary>
    public static SeededOrder Shuffle(long[] samples, int seed, int epoch) => Shuffle(samples, seed, epoch, 1, samples.Length);

    /// <summary>Shuffles runs of samples that follow each other, then the samples of each window: what a window needs lies in few places.</summary>
    /// <remarks>Where runs begin is drawn as well, so that no two samples are neighbours in every epoch; what lies before the first run and after the last stays in the first and the last window.</remarks>
    /// <param name="samples">Sample numbers.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="epoch">The epoch.</param>
    /// <param name="run">Samples in a run of neighbours.</param>
    /// <param name="window">Samples that are mixed with each other.</param>
    public static SeededOrder Shuffle(long[] samples, int seed, int epoch, int run, int window)
    {
        var order = new SeededOrder(samples, Mix(seed, epoch), run, window);
        for (var last = order.Runs - 1; last > 0; last--)
        {
            order.SwapRuns(last);
        }

        for (var start = 0; start < samples.Length; start += order._window)
        {
            for (var last = order.End(start) - 1; last > start; last--)
            {
                order.Swap(start, last);
            }
        }

        return order;
    }

    /// <summary>A seed from a seed and a place in the run.</summary>
    public static ulong Mix(int seed, long place) => Draw((((ulong)(uint)seed << 40) ^ (ulong)place) + Step);

    /// <summary>Puts the numbers back where they stood: the same swaps, the last one first.</summary>
    public void Dispose()
    {
        for (var start = 0; start < Samples.Length && !_isUndone; start += _window)
        {
            for (var last = start + 1; last < End(start); last++)
            {
                Swap(start, last);
            }
        }

        for (var last = 1; last < Runs && !_isUndone; last++)
        {
            SwapRuns(last);
        }

        _isUndone = true;
    }

    private int End(int start) => Math.Min(Samples.Length - start, _window) + start;

    // The state of SplitMix64 counts its draws, so that any of them can be had again: one for each place, then one for each run.
    private void Swap(int start, int last)
    {
        var pick = start + (int)Math.BigMul(Draw(_start + ((ulong)(Samples.Length - last) * Step)), (ulong)(last - start) + 1, out _);
        (Samples[last], Samples[pick]) = (Samples[pick], Samples[last]);
    }

    private void SwapRuns(int last)
    {
        var pick = (int)Math.BigMul(Draw(_start + (((ulong)Samples.Length + (ulong)last) * Step)), (ulong)last + 1, out _);
        for (var place = 0; place < _run && pick != last; place++)
        {
            var (here, there) = (_first + (last * _run) + place, _first + (pick * _run) + place);
            (Samples[here], Samples[there]) = (Samples[there], Samples[here]);
        }
    }

    // SplitMix64: Steele et al. 2014, https://doi.org/10.1145/2714064.2660195.
    private static ulong Draw(ulong state)
    {
        var mixed = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        return mixed ^ (mixed >> 31);
    }
}
