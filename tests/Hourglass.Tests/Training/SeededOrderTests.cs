using CsCheck;
using Hourglass.Data;
using Hourglass.Training;

namespace Hourglass.Tests.Training;

public sealed class SeededOrderTests
{
    // Written down when orders were shuffled copies; models trained then must train the same now.
    [Theory]
    [InlineData(1, 0, new long[] { 5, 9, 8, 1, 6, 10, 3, 0, 11, 7, 4, 2 })]
    [InlineData(7, -1, new long[] { 8, 5, 10, 4, 11, 2, 3, 6, 0, 7, 1, 9 })]
    [InlineData(-3, 5, new long[] { 1, 7, 11, 0, 9, 8, 5, 10, 2, 4, 3, 6 })]
    public void Orders_are_those_of_earlier_versions(int seed, int epoch, long[] expected)
    {
        using var order = SeededOrder.Shuffle(Numbers(12), seed, epoch);
        Assert.Equal(expected, order.Samples);
    }

    [Fact]
    public void An_order_holds_every_sample_once_and_is_undone_at_its_end() =>
        Gen.Select(Gen.Int[0, 500], Gen.Int, Gen.Int[-3, 1000]).Sample((count, seed, epoch) =>
        {
            var samples = Numbers(count);
            using (var order = SeededOrder.Shuffle(samples, seed, epoch))
            {
                Assert.Same(samples, order.Samples);
                Assert.Equal(Numbers(count), order.Samples.Order());
            }

            Assert.Equal(Numbers(count), samples);
        });

    [Fact]
    public void An_order_of_runs_holds_every_sample_once_and_is_undone_at_its_end() =>
        Gen.Select(Gen.Int[0, 500], Gen.Int, Gen.Int[-3, 1000], Gen.Int[1, 9], Gen.Int[1, 60]).Sample((count, seed, epoch, run, runs) =>
        {
            var samples = Numbers(count);
            using (var order = SeededOrder.Shuffle(samples, seed, epoch, run, run * runs))
            {
                Assert.Equal(Numbers(count), order.Samples.Order());
            }

            Assert.Equal(Numbers(count), samples);
        });

    // A window needs its runs and no more: so many places of the file, and samples of all of it.
    [Fact]
    public void A_window_of_runs_is_read_in_few_pieces_from_everywhere()
    {
        const int Count = 100_000, Run = 20, Together = 50;
        using var order = SeededOrder.Shuffle(Numbers(Count), 3, 1, Run, Run * Together);
        for (var start = 0; start < Count; start += Run * Together)
        {
            var window = order.Samples.AsSpan(start, Run * Together).ToArray();
            Assert.NotEqual(window.Order(), window);
            var pieces = 1 + window.Order().Zip(window.Order().Skip(1)).Count(pair => pair.Second != pair.First + 1);
            Assert.InRange(pieces, Together / 2, Together + 3);
            Assert.InRange(window.Average(), 0.3 * Count, 0.7 * Count);
        }
    }

    [Fact]
    public void Orders_of_runs_differ_between_epochs_and_so_do_the_borders_of_runs()
    {
        const int Count = 1000, Run = 20;
        var (first, second) = (Numbers(Count), Numbers(Count));
        using var one = SeededOrder.Shuffle(first, 3, 1, Run, 1);
        using var other = SeededOrder.Shuffle(second, 3, 2, Run, 1);
        Assert.NotEqual(first, second);
        Assert.NotEqual(Borders(first), Borders(second));

        static List<long> Borders(long[] order) => [.. order.Skip(1).Zip(order).Where(pair => pair.First != pair.Second + 1).Select(pair => pair.First % Run).Distinct().Order()];
    }

    [Fact]
    public void Split_and_order_take_eight_bytes_a_sample()
    {
        const int Count = 1_000_000;
        var isHeld = Enumerable.Range(0, Count).Select(sample => sample % 10 == 0).ToList();
        HoldOut.Split(isHeld);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var split = HoldOut.Split(isHeld);
        for (var epoch = 0; epoch < 3; epoch++)
        {
            using var order = SeededOrder.Shuffle(split.Training, 1, epoch);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (8 * Count) + 1024);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_run_leaves_the_split_as_it_found_it_also_when_it_is_stopped(bool isStopped)
    {
        using var store = TrainerTests.Store(100, 6);
        var split = TrainerTests.Split(store.Count);
        using var model = new Autoencoder(TrainerTests.SmallOptions());
        using var trainer = new Trainer(model, store, split);
        trainer.Run(null, new CancellationToken(isStopped));
        Assert.Equal(TrainerTests.Split(store.Count).Training, split.Training);
    }

    private static long[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(number => (long)number)];
}
