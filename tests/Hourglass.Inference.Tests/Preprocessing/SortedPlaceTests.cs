using Hourglass.Preprocessing;

namespace Hourglass.Inference.Tests.Preprocessing;

public sealed class SortedPlaceTests
{
    [Fact]
    public void Counts_are_those_of_plain_loops_for_every_length_with_ties_and_beyond_the_ends()
    {
        var random = new Random(4);
        for (var length = 0; length < 70; length++)
        {
            double[] sorted = [.. Enumerable.Range(0, length).Select(_ => Math.Round(random.NextDouble() * 40)).Order()];
            float[] singles = [.. sorted.Select(value => (float)value)];
            foreach (var number in new[] { -1.0, 0, 7, 7.5, 20, 40, 41 })
            {
                Assert.Equal(sorted.Count(value => value <= number), SortedPlace.CountAtMost(sorted, number));
                Assert.Equal(sorted.Count(value => value < number), SortedPlace.CountBelow(singles, (float)number));
            }
        }
    }
}
