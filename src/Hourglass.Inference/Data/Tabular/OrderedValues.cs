namespace Hourglass.Data.Tabular;

/// <summary>Values by rank; an array is put in order only as far as ranks are asked for (quickselect, Hoare 1961, https://doi.org/10.1145/366622.366647).</summary>
internal sealed class OrderedValues(double[] values)
{
    private readonly SortedSet<int> _placed = [-1, values.Length]; // ranks that stand in their place: what is before them is not greater

    /// <summary>The values, in any order.</summary>
    public double[] Values => values;

    /// <summary>The smallest.</summary>
    public double Minimum => values.Min();

    /// <summary>The greatest.</summary>
    public double Maximum => values.Max();

    /// <summary>All in order.</summary>
    public double[] Sorted()
    {
        Array.Sort(values);
        return values;
    }

    /// <summary>The value at a share of the way from the smallest to the greatest, between neighbours by a straight line.</summary>
    public double Quantile(double share)
    {
        var place = share * (values.Length - 1);
        var low = (int)place;
        var value = At(low);
        return value + ((place - low) * (At(Math.Min(low + 1, values.Length - 1)) - value));
    }

    private double At(int rank)
    {
        var (first, last) = (_placed.GetViewBetween(-1, rank).Max, _placed.GetViewBetween(rank, values.Length).Min);
        for (first++, last--; first < last;)
        {
            var (low, high) = Partition(first, last);
            (first, last) = rank <= high ? (first, high) : rank >= low ? (low, last) : (rank, rank);
        }

        _placed.Add(rank);
        return values[rank];
    }

    // Afterwards what stands up to High is at most the pivot, what stands from Low on at least, and what lies between equals it.
    private (int Low, int High) Partition(int first, int last)
    {
        var (one, two, three) = (values[first], values[first + ((last - first) / 2)], values[last]);
        var pivot = Math.Max(Math.Min(one, two), Math.Min(Math.Max(one, two), three));
        var (low, high) = (first, last);
        while (low <= high)
        {
            while (values[low] < pivot)
            {
                low++;
            }

            while (values[high] > pivot)
            {
                high--;
            }

            if (low <= high)
            {
                (values[low], values[high]) = (values[high], values[low]);
                low++;
                high--;
            }
        }

        return (low, high);
    }
}
