using CsCheck;
using Hourglass.Data;
using Hourglass.Data.Stores;

namespace Hourglass.Inference.Tests.Data;

/// <summary>Samples that are mostly zero are held as entries and read as they were.</summary>
public sealed class StoreEntriesTests
{
    private const int Length = 400;

    private static readonly Gen<float[]> Sample = Gen.Select(Gen.Int[0, Length - 1], Gen.Float[-9, 9]).Array[0, 30].Select(entries =>
    {
        var values = new float[Length];
        Array.ForEach(entries, entry => values[entry.Item1] = entry.Item2);
        return values;
    });

    private static SampleStore Write(IEnumerable<float[]> samples, string? path = null)
    {
        using var writer = path is null ? SampleStore.CreateTemporary(null, [Length], ElementType.Float32) : SampleStore.Create(path, [Length], ElementType.Float32);
        foreach (var sample in samples)
        {
            writer.Append(sample);
        }

        return writer.Finish();
    }

    [Fact]
    public void Samples_come_back_bit_for_bit_alone_in_runs_and_as_entries() => Sample.Array[1, 9].Sample(
        samples =>
        {
            using var store = Write(samples);
            Assert.Equal((ElementType.Entries, samples.Length), (store.ElementType, store.Count));
            var all = new float[samples.Length * Length];
            store.Read(0, samples.Length, all);
            Assert.Equal(samples.SelectMany(sample => sample), all);
            for (var number = 0; number < samples.Length; number++)
            {
                Assert.True(store.TryEntries(number, out var entries));
                Assert.Equal(samples[number].Index().Where(value => value.Item != 0).Select(value => new StoredEntry(value.Index, value.Item)), entries.ToArray());
            }
        },
        iter: 50);

    [Fact]
    public void The_file_holds_only_what_is_not_zero_and_checks_out()
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():n}.samples");
        using (Write(Enumerable.Repeat(Filled(7), 50), path))
        {
            Assert.Equal(128 + (50 * 7 * 8) + (51 * 8), new FileInfo(path).Length);
        }

        using (SampleStore.Open(path, verifyContent: true))
        {
        }

        File.Delete(path);
    }

    [Fact]
    public void Samples_that_are_mostly_filled_or_short_stay_rows()
    {
        using var filled = Write([Filled(1), Filled(80)]);
        using var late = Write([.. Enumerable.Repeat(Filled(40), 3000), Filled(400)]);
        using var writer = SampleStore.CreateTemporary(null, [255], ElementType.Float32);
        writer.Append(new float[255]);
        using var narrow = writer.Finish();
        Assert.Equal((ElementType.Float32, ElementType.Entries, ElementType.Float32), (filled.ElementType, late.ElementType, narrow.ElementType));
        var read = new float[Length];
        late.Read(3000, 1, read);
        Assert.Equal(Filled(400), read);
    }

    [Fact]
    public void Windows_of_sparse_rows_are_runs_of_them()
    {
        using var windows = SampleStore.Windows(Write(Enumerable.Range(1, 6).Select(Filled)), steps: 3, stride: 2);
        var read = new float[2 * 3 * Length];
        windows.Read(0, 2, read);
        Assert.Equal(new[] { 1, 2, 3, 3, 4, 5 }.SelectMany(Filled), read);
    }

    [Theory]
    [InlineData(128, 500)] // a place beyond the sample
    [InlineData(136, 0)] // places out of order
    [InlineData(128 + (3 * 2 * 8) + 8, 77)] // where a sample's entries end
    public void Altered_entries_are_refused_by_name(int place, int value)
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():n}.samples");
        Write([Filled(2), Filled(2), Filled(2)], path).Dispose();
        var bytes = File.ReadAllBytes(path);
        BitConverter.TryWriteBytes(bytes.AsSpan(place), value);
        File.WriteAllBytes(path, bytes);
        using (var store = SampleStore.Open(path))
        {
            Assert.Contains("altered", Assert.Throws<DataException>(() => store.Read(0, 1, new float[Length])).Message, StringComparison.Ordinal);
        }

        File.WriteAllBytes(path, bytes[..^8]);
        Assert.Contains("truncated", Assert.Throws<DataException>(() => SampleStore.Open(path)).Message, StringComparison.Ordinal);
        File.Delete(path);
    }

    private static float[] Filled(int count) => [.. Enumerable.Range(0, Length).Select(place => place < count ? place + 1f : 0)];
}
