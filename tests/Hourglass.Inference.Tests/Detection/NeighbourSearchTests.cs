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

    [Theory]
    [InlineData(5000, 30, 4, 3)] // few directions: a short sketch
    [InlineData(3001, 130, 6, 5)]
    [InlineData(2500, 9, 9, 1)] // no direction less than another: whole rows
    [InlineData(1500, 40, 2, 1000)] // more wanted than a leaf holds
    public void Who_asks_often_is_told_the_same_rows_to_the_last_bit(int rows, int length, int factors, int wanted)
    {
        var random = new Random(length);
        var loadings = Enumerable.Range(0, factors * length).Select(_ => GeneratedScores.Normal(random)).ToArray();
        var (values, asked) = (Numbers(rows, 0.05), Numbers(300, 0.05));
        values.AsSpan(0, 40 * length).CopyTo(values.AsSpan((rows - 40) * length)); // ties
        values.AsSpan(0, 20 * length).CopyTo(asked); // queries that equal rows
        for (var place = 0; place < 20 * length; place++)
        {
            asked[(100 * length) + place] *= place < 10 * length ? 30 : 1e20f; // far away, and farther than squares can be counted
        }

        var search = new NeighbourSearch(values, length);
        foreach (var queries in new[] { 30, 300 }) // whole rows first, then sketches
        {
            var found = search.Nearest(asked.AsSpan(0, queries * length), wanted);
            for (var query = 0; query < queries; query++)
            {
                var row = asked.AsSpan(query * length, length).ToArray();
                var expected = Enumerable.Range(0, rows).Select(other => new Neighbour(other, System.Numerics.Tensors.TensorPrimitives.Distance<float>(row, search.Row(other))))
                    .OrderBy(neighbour => neighbour.Distance).ThenBy(neighbour => neighbour.Row).Take(wanted);
                Assert.Equal(expected, found.AsSpan(query * wanted, wanted).ToArray());
            }
        }

        float[] Numbers(int count, double noise)
        {
            var numbers = new float[count * length];
            for (var start = 0; start < numbers.Length; start += length)
            {
                var own = Enumerable.Range(0, factors).Select(_ => GeneratedScores.Normal(random)).ToArray();
                for (var place = 0; place < length; place++)
                {
                    numbers[start + place] = (float)(7 + own.Select((factor, number) => factor * loadings[(number * length) + place]).Sum() + (noise * GeneratedScores.Normal(random)));
                }
            }

            return numbers;
        }
    }

    [Fact]
    public void Of_thousands_of_equal_rows_the_first_are_the_nearest_however_many_are_asked_for()
    {
        const int Length = 20, Kinds = 7, Rows = 9000;
        var random = new Random(5);
        var kinds = Enumerable.Range(0, Kinds).Select(_ => Enumerable.Range(0, Length).Select(_ => (float)GeneratedScores.Normal(random)).ToArray()).ToArray();
        var rows = Enumerable.Range(0, Rows).SelectMany(row => row < 1100 ? kinds[row % 2] : row % 50 == 0 ? [.. kinds[0].Select(value => value + (float)random.NextDouble())] : kinds[random.Next(Kinds)]).ToArray();
        var search = new NeighbourSearch(rows, Length);
        foreach (var wanted in new[] { 3, 1, 5, 1200 })
        {
            var found = search.Nearest(rows.AsSpan(0, 300 * Length), wanted);
            for (var query = 0; query < 300; query++)
            {
                var expected = Enumerable.Range(0, Rows).Select(other => new Neighbour(other, System.Numerics.Tensors.TensorPrimitives.Distance(search.Row(query), search.Row(other))))
                    .OrderBy(neighbour => neighbour.Distance).ThenBy(neighbour => neighbour.Row).Take(wanted);
                Assert.Equal(expected, found.AsSpan(query * wanted, wanted).ToArray());
            }
        }

        Assert.InRange(EqualRows.FirstOf(rows, Length, 3).Length, 3 * Kinds, (Rows / 50) + (3 * Kinds)); // so many are compared
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
