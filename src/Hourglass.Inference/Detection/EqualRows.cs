using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Hourglass.Detection;

/// <summary>Rows that are equal to the last bit are as near to any query: a search for a few needs the first ones of them alone.</summary>
/// <remarks>A query that equals thousands of rows, as in logs of traffic, is at distance 0 of them all, so that no bound sorts any of them out.</remarks>
internal static class EqualRows
{
    /// <summary>Rows without those that as many equal rows stand before, in order.</summary>
    /// <param name="rows">[row, value].</param>
    /// <param name="length">Values in a row.</param>
    /// <param name="kept">Most rows of those that are equal.</param>
    public static int[] FirstOf(float[] rows, int length, int kept)
    {
        var (seen, first) = (new Dictionary<int, int>(new SameValues(rows, length)), new List<int>(rows.Length / length));
        for (var row = 0; row < rows.Length / length; row++)
        {
            if (++CollectionsMarshal.GetValueRefOrAddDefault(seen, row, out _) <= kept)
            {
                first.Add(row);
            }
        }

        return [.. first];
    }

    /// <summary>Some of the rows, one after another.</summary>
    /// <param name="rows">[row, value].</param>
    /// <param name="length">Values in a row.</param>
    /// <param name="chosen">Which.</param>
    public static float[] Gather(float[] rows, int length, int[] chosen)
    {
        var gathered = new float[chosen.Length * length];
        for (var place = 0; place < chosen.Length; place++)
        {
            rows.AsSpan(chosen[place] * length, length).CopyTo(gathered.AsSpan(place * length));
        }

        return gathered;
    }

    private sealed class SameValues(float[] rows, int length) : IEqualityComparer<int>
    {
        public bool Equals(int first, int second) => Bytes(first).SequenceEqual(Bytes(second));

        public int GetHashCode(int row) => (int)XxHash3.HashToUInt64(Bytes(row));

        private ReadOnlySpan<byte> Bytes(int row) => MemoryMarshal.AsBytes(rows.AsSpan(row * length, length));
    }
}
