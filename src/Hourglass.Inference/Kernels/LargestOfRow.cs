namespace Hourglass.Kernels;

/// <summary>The largest of the values above 0 that one row is offered, in the order in which they come.</summary>
/// <remarks>Values are taken in until there are twice as many as wanted, then cut down: few of many are ever looked at twice.</remarks>
internal sealed class LargestOfRow(int wanted)
{
    private readonly int[] _places = new int[2 * wanted];
    private readonly float[] _values = new float[2 * wanted];
    private readonly float[] _order = new float[2 * wanted];
    private int _count;

    /// <summary>What a value must exceed to be among the largest so far.</summary>
    public float Threshold { get; private set; }

    /// <summary>Starts anew.</summary>
    public void Clear() => (_count, Threshold) = (0, 0);

    /// <summary>Takes a value in where it exceeds the threshold.</summary>
    public void Offer(int place, float value)
    {
        if (!(value > Threshold))
        {
            return;
        }

        (_places[_count], _values[_count]) = (place, value);
        if (++_count == _places.Length)
        {
            Cut();
        }
    }

    /// <summary>The largest, at most as many as wanted, by place.</summary>
    public (ReadOnlyMemory<int> Places, ReadOnlyMemory<float> Values) Take()
    {
        if (_count > wanted)
        {
            Cut();
        }

        return (_places.AsMemory(0, _count), _values.AsMemory(0, _count));
    }

    private void Cut()
    {
        _values.AsSpan(0, _count).CopyTo(_order);
        var least = Ranked(_order.AsSpan(0, _count), wanted - 1);
        var equal = wanted;
        for (var entry = 0; entry < _count; entry++)
        {
            equal -= _values[entry] > least ? 1 : 0;
        }

        var kept = 0;
        for (var entry = 0; entry < _count; entry++)
        {
            if (_values[entry] > least || (_values[entry] == least && equal-- > 0))
            {
                (_places[kept], _values[kept]) = (_places[entry], _values[entry]);
                kept++;
            }
        }

        (_count, Threshold) = (kept, least);
    }

    // Hoare's selection: the value that would stand at a rank if the largest came first.
    private static float Ranked(Span<float> values, int rank)
    {
        var (low, high) = (0, values.Length - 1);
        while (low < high)
        {
            var (pivot, left, right) = (values[(low + high) / 2], low, high);
            while (left <= right)
            {
                while (values[left] > pivot)
                {
                    left++;
                }

                while (values[right] < pivot)
                {
                    right--;
                }

                if (left <= right)
                {
                    (values[left], values[right]) = (values[right], values[left]);
                    left++;
                    right--;
                }
            }

            if (rank <= right)
            {
                high = right;
            }
            else if (rank >= left)
            {
                low = left;
            }
            else
            {
                break;
            }
        }

        return values[rank];
    }
}
