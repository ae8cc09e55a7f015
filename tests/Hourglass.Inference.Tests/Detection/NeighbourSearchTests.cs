using Hourglass.Detection;

namespace Hourglass.Inference.Tests.Detection;

public sealed class NeighbourSearchTests
{
    [Theory]
    [InlineData(5000, 7, 70, 5)]
    [InlineData(2048, 33, 3, 1)]
    [InlineData(3, 2, 10, 3)]
    [InlineData(2049, 130, 65, 4)]
    public void The_nearest_rows_are_those_that_plain_loops_find(int rows, int length, int queries, int wanted)
    {
        var random = new Random(rows);
        var (values, asked) = (Numbers(rows * length), Numbers(queries * length));
        values.AsSpan(0, length).CopyTo(asked); // one query equals a row
        values.AsSpan(0, length).CopyTo(values.AsSpan((rows - 1) * length)); // and two rows are equal
        var search = new NeighbourSearch(values, length);
        for (var round = 0; round < 2; round++)
        {
            var found = search.Nearest(asked, wanted);
            for (var query = 0; query < queries; query++)
            {
                var expected = Enumerable.Range(0, rows).Select(row => (Row: row, Distance: Distance(asked.AsSpan(query * length, length), values.AsSpan(row * length, length))))
                    .OrderBy(entry => entry.Distance).ThenBy(entry => entry.Row).Take(wanted).ToList();
                Assert.Equal(expected.Select(entry => entry.Row), found.AsSpan(query * wanted, wanted).ToArray().Select(neighbour => neighbour.Row));
                Assert.All(expected.Zip(found.AsSpan(query * wanted, wanted).ToArray()), pair => Assert.Equal(pair.First.Distance, pair.Second.Distance, 1e-4));
            }
        }

        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)GeneratedScores.Normal(random) + 3)];
    }

    private static double Distance(ReadOnlySpan<float> first, ReadOnlySpan<float> second)
    {
        var sum = 0.0;
        for (var place = 0; place < first.Length; place++)
        {
            sum += ((double)first[place] - second[place]) * ((double)first[place] - second[place]);
        }

        return Math.Sqrt(sum);
    }
}
