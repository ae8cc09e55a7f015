using Hourglass.Data;
using Hourglass.Data.Stores;

namespace Hourglass.Tests.Data;

public sealed class ReadAheadTests
{
    private const int Width = 7;

    // Memory of one byte: past the system's cache; of just more than the store: through it; of twice: not at all.
    [Theory]
    [InlineData(ElementType.Float32, 0.0, true)]
    [InlineData(ElementType.Float32, 0.0, false)]
    [InlineData(ElementType.Float32, 1.4, true)]
    [InlineData(ElementType.Float32, 1.4, false)]
    [InlineData(ElementType.Float32, 2.5, true)]
    [InlineData(ElementType.UInt8, 0.0, true)]
    [InlineData(ElementType.Entries, 0.0, true)]
    public void Samples_that_were_read_ahead_are_as_they_were_written(ElementType type, double memory, bool usesRing)
    {
        var (count, width) = type == ElementType.Entries ? (15_000, 256) : (150_000, Width);
        using var store = Store(count, type, width);
        Assert.Equal(type, store.ElementType);
        var order = Scattered(count);
        var (row, staged) = (new float[width], 0);
        using (var ahead = new ReadAhead(store, order, null, (long)(memory * store.Bytes), usesRing))
        {
            for (var place = 0; place < order.Length; place++)
            {
                if (place % 100 == 0)
                {
                    ahead.Reached(place, 100);
                }

                store.Read(order[place], 1, row);
                AssertRow(type, order[place], row);
                staged += IsStaged(ahead, order[place]) ? 1 : 0;
            }
        }

        Assert.Equal(memory > 2 ? 0 : count, staged);
        store.Read(order[^1], 1, row);
        AssertRow(type, order[^1], row);
    }

    [Fact]
    public void Neighbours_come_in_runs_also_where_some_are_left_out()
    {
        const int Count = 150_000;
        using var store = Store(Count, ElementType.Float32);
        long[] order = [.. Enumerable.Range(0, Count).Where(sample => sample % 10 != 3).Select(sample => (long)sample)];
        using var ahead = new ReadAhead(store, order, null, 0);
        var row = new float[Width];
        for (var place = 0; place < order.Length; place++)
        {
            ahead.Reached(place, 1);
            store.Read(order[place], 1, row);
            AssertRow(ElementType.Float32, order[place], row);
        }
    }

    [Fact]
    public void Only_the_places_of_this_process_are_read_and_others_come_from_mapped_memory()
    {
        using var store = Store(1000, ElementType.Float32);
        var order = Scattered(1000);
        using var ahead = new ReadAhead(store, order, place => place % 2 == 1, 0);
        ahead.Reached(0, 1000);
        var row = new float[Width];
        for (var place = 0; place < order.Length; place++)
        {
            Assert.Equal(place % 2 == 1, IsStaged(ahead, order[place]));
            store.Read(order[place], 1, row);
            AssertRow(ElementType.Float32, order[place], row);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(70_000)]
    [InlineData(200_000)]
    public void A_pass_may_take_large_steps_and_end_before_its_end(int step)
    {
        using var store = Store(200_000, ElementType.Float32);
        var order = Scattered(200_000);
        var row = new float[Width];
        using var ahead = new ReadAhead(store, order, null, 0);
        for (var place = 0; place < Math.Min(order.Length, step * 3); place += step)
        {
            ahead.Reached(place, step);
            foreach (var sample in order.AsSpan(place, Math.Min(step, order.Length - place)))
            {
                store.Read(sample, 1, row);
                AssertRow(ElementType.Float32, sample, row);
            }
        }
    }

    [Fact]
    public void A_store_serves_one_pass_at_a_time_and_the_next_one_afterwards()
    {
        using var store = Store(1000, ElementType.Float32);
        var order = Scattered(1000);
        using (var first = new ReadAhead(store, order, null, 0))
        using (var second = new ReadAhead(store, order, null, 0))
        {
            first.Reached(0, 10);
            second.Reached(0, 10);
            Assert.True(IsStaged(first, order[0]));
            Assert.False(IsStaged(second, order[0]));
        }

        using var third = new ReadAhead(store, order, null, 0);
        third.Reached(0, 10);
        Assert.True(IsStaged(third, order[0]));
    }

    [Fact]
    public void A_view_has_its_own_samples_ahead_and_ends_with_its_store()
    {
        var store = Store(1000, ElementType.Float32);
        var (mine, yours, order, row) = (store.View(), store.View(), Scattered(1000), new float[Width]);
        using (var first = new ReadAhead(mine, order, null, 0))
        using (var second = new ReadAhead(yours, order, null, 0))
        {
            first.Reached(0, 10);
            second.Reached(0, 10);
            Assert.True(IsStaged(first, order[0]) && IsStaged(second, order[0]));
        }

        store.Dispose();
        Assert.Throws<ObjectDisposedException>(() => mine.Read(0, 1, row));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_file_that_was_cut_short_is_named(bool usesRing)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "cut.samples");
        using (var writer = SampleStore.Create(path, [Width], ElementType.Float32))
        {
            writer.Append(new float[1000 * Width]);
            writer.Finish().Dispose();
        }

        using var store = SampleStore.Open(path);
        using (var file = File.Open(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.SetLength(5000);
        }

        using var ahead = new ReadAhead(store, Scattered(1000), null, 0, usesRing);
        var fault = Assert.Throws<DataException>(() => ahead.Reached(0, 1000));
        Assert.Contains($"{path}: the samples cannot be read: the file ends at byte 5000", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_sample_lies_in_memory_and_in_the_file_where_it_is_said_to()
    {
        using var store = Store(10, ElementType.Float32);
        var (start, length) = store.Mapped;
        Assert.Equal(10 * Width * sizeof(float), length);
        Assert.Equal(start + (3 * Width * sizeof(float)), store.Place(3).Start);
        Assert.Equal((128 + (3 * Width * sizeof(float)), Width * sizeof(float)), store.InFile(3));
        using var windows = SampleStore.Windows(Store(10, ElementType.Float32), 4, 2);
        Assert.Equal(2 * Width * sizeof(float), windows.Place(1).Start - windows.Place(0).Start);
        Assert.Equal(10 * Width * sizeof(float), windows.Mapped.Length);
    }

    [Theory]
    [InlineData(ElementType.Float32, Width)]
    [InlineData(ElementType.Entries, 256)]
    public void Windows_of_rows_are_read_ahead_too(ElementType type, int width)
    {
        using var windows = SampleStore.Windows(Store(5000, type, width), 4, 2);
        Assert.Equal(type, windows.ElementType);
        long[] order = [400, 3, 4, 5, 2498, 0, 100];
        using var ahead = new ReadAhead(windows, order, null, 0);
        ahead.Reached(0, order.Length);
        var values = new float[4 * width];
        foreach (var window in order)
        {
            Assert.True(IsStaged(ahead, window));
            windows.Read(window, 1, values);
            for (var step = 0; step < 4; step++)
            {
                AssertRow(type, (window * 2) + step, values[(step * width)..((step + 1) * width)]);
            }
        }
    }

    private static unsafe bool IsStaged(ReadAhead ahead, long sample) => ahead.Find(sample) is not null;

    private static long[] Scattered(int count) => [.. Enumerable.Range(0, count).Select(place => place * 1237L % count)];

    private static void AssertRow(ElementType type, long sample, float[] row)
    {
        var expected = new float[row.Length];
        Write(type, sample, expected);
        if (!row.AsSpan().SequenceEqual(expected))
        {
            Assert.Equal(expected, row);
        }
    }

    private static void Write(ElementType type, long sample, Span<float> row)
    {
        row.Clear();
        (row[0], row[1]) = type == ElementType.UInt8 ? (sample % 256 / 255f, sample / 256 % 256 / 255f) : (sample + 1, sample % 5 == 0 ? 0 : sample + 0.5f);
    }

    private static SampleStore Store(int count, ElementType type, int width = Width)
    {
        using var writer = SampleStore.CreateTemporary(null, [width], type == ElementType.UInt8 ? type : ElementType.Float32);
        var (row, bytes) = (new float[width], new byte[width]);
        for (var sample = 0; sample < count; sample++)
        {
            Write(type, sample, row);
            if (type == ElementType.UInt8)
            {
                (bytes[0], bytes[1]) = ((byte)sample, (byte)(sample / 256));
                writer.AppendBytes(bytes);
            }
            else
            {
                writer.Append(row);
            }
        }

        return writer.Finish();
    }
}
