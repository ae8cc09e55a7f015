using Hourglass.Data;
using Hourglass.Data.Stores;

namespace Hourglass.Tests.Data;

public sealed class ReadAheadTests
{
    [Fact]
    public void Announced_samples_read_as_they_were_written()
    {
        using var store = Store(5000);
        long[] order = [.. Enumerable.Range(0, 5000).Select(place => place * 1237L % 5000)];
        var row = new float[7];
        using (var ahead = new ReadAhead(store, memory: 0))
        {
            for (var place = 0; place < order.Length; place++)
            {
                ahead.Reached(order, place);
                store.Read(order[place], 1, row);
                Assert.Equal([order[place], order[place] + 0.5f], row[..2]);
            }
        }

        using var none = new ReadAhead(store);
        none.Reached(order, 0);
    }

    [Fact]
    public void A_sample_lies_in_memory_where_it_is_said_to()
    {
        using var store = Store(10);
        var (start, length) = store.Mapped;
        Assert.Equal(10 * 7 * sizeof(float), length);
        Assert.Equal(start + (3 * 7 * sizeof(float)), store.Place(3).Start);
        using var windows = SampleStore.Windows(Store(10), 4, 2);
        Assert.Equal(2 * 7 * sizeof(float), windows.Place(1).Start - windows.Place(0).Start);
        Assert.Equal(10 * 7 * sizeof(float), windows.Mapped.Length);
    }

    private static SampleStore Store(int count)
    {
        using var writer = SampleStore.CreateTemporary(null, [7], ElementType.Float32);
        for (var sample = 0; sample < count; sample++)
        {
            writer.Append([sample, sample + 0.5f, 0, 0, 0, 0, 0]);
        }

        return writer.Finish();
    }
}
