namespace Hourglass.Detection.Terms;

/// <summary>Which columns tell most about each other: by mutual information.</summary>
internal static class ColumnPartners
{
    /// <summary>Chooses partners for each column.</summary>
    /// <param name="words">[column][row]: codes.</param>
    /// <param name="counts">Codes of each column.</param>
    /// <param name="each">Partners of a column, fewer than there are columns.</param>
    /// <returns>[column, partner], the one that tells most first; of equals the first column.</returns>
    public static int[] Choose(int[][] words, int[] counts, int each)
    {
        var (rows, partners, told) = (words[0].Length, new int[words.Length * each], new double[words.Length * each]);
        var logarithms = new double[rows + 1]; // n ln n
        for (var count = 2; count <= rows; count++)
        {
            logarithms[count] = count * Math.Log(count);
        }

        Array.Fill(told, double.NegativeInfinity);
        double[] alone = [.. words.Select((own, column) => Sum(Counted(own, null, counts[column], 1), logarithms))];
        for (var second = 1; second < words.Length; second++)
        {
            for (var first = 0; first < second; first++)
            {
                var shared = Sum(Counted(words[first], words[second], counts[first], counts[second]), logarithms) - alone[first] - alone[second]; // what differs from the mutual information is the same for all pairs
                Keep(partners.AsSpan(first * each, each), told.AsSpan(first * each, each), second, shared);
                Keep(partners.AsSpan(second * each, each), told.AsSpan(second * each, each), first, shared);
            }
        }

        return partners;
    }

    private static int[] Counted(int[] first, int[]? second, int firstCount, int secondCount)
    {
        var counted = new int[firstCount * secondCount];
        for (var row = 0; row < first.Length; row++)
        {
            counted[((second?[row] ?? 0) * firstCount) + first[row]]++;
        }

        return counted;
    }

    private static double Sum(int[] counted, double[] logarithms)
    {
        var sum = 0.0;
        foreach (var count in counted)
        {
            sum += logarithms[count];
        }

        return sum;
    }

    private static void Keep(Span<int> partners, Span<double> told, int partner, double shared)
    {
        var place = partners.Length;
        while (place > 0 && shared > told[place - 1])
        {
            place--;
        }

        if (place < partners.Length)
        {
            partners[place..^1].CopyTo(partners[(place + 1)..]);
            told[place..^1].CopyTo(told[(place + 1)..]);
            (partners[place], told[place]) = (partner, shared);
        }
    }
}
