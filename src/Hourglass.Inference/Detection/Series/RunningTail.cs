namespace Hourglass.Detection.Series;

/// <summary>How unusual a value is among those before it: minus the decimal logarithm of the chance of one as high.</summary>
/// <remarks>Counted among the last values up to a high quantile of theirs; beyond it an exponential tail is fitted to the excesses, so that values never seen before still differ.
/// The memory is bounded, so that a change that stays becomes usual.</remarks>
internal sealed class RunningTail(int memory)
{
    private const int Fewest = 50; // values before the first answer
    private const double TailShare = 0.05; // of the values, whose excesses the tail is fitted to
    private readonly List<double> _sorted = [];
    private readonly Queue<double> _order = [];

    /// <summary>Measures a value, then remembers it.</summary>
    /// <param name="value">A finite number; higher is stranger.</param>
    /// <returns>0 or more: 1 for one in ten, 2 for one in a hundred; 0 while too little is remembered.</returns>
    public double Next(double value)
    {
        var surprise = _sorted.Count < Fewest ? 0 : Surprise(value);
        _sorted.Insert(Place(value), value);
        _order.Enqueue(value);
        if (_order.Count > memory)
        {
            _sorted.RemoveAt(Place(_order.Dequeue()));
        }

        return surprise;
    }

    private double Surprise(double value)
    {
        var (count, tail) = (_sorted.Count, (int)((1 - TailShare) * _sorted.Count));
        var start = _sorted[tail];
        if (value <= start)
        {
            return -Math.Log10((count - Place(value) + 1.0) / (count + 1));
        }

        var excess = 0.0;
        for (var place = tail; place < count; place++)
        {
            excess += (_sorted[place] - start) / (count - tail);
        }

        // The floor keeps a tail of equal values from making a hair's breadth a wonder.
        return -Math.Log10(TailShare) + ((value - start) / (excess + (1e-3 * Math.Abs(start)) + 1e-12) / Math.Log(10));
    }

    // The first place at which the list stays ascending.
    private int Place(double value)
    {
        var (low, high) = (0, _sorted.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _sorted[middle] < value ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
