using System.IO.Compression;
using Hourglass.Collectives;
using Hourglass.Data;
using Hourglass.Data.Arrays;
using static Hourglass.Inference.Tests.Data.ArrayBytes;
using static Hourglass.Tests.Collectives.RankedData;

namespace Hourglass.Tests.Collectives;

/// <summary>Arrays that several ranks read become what one process makes of them, to the byte.</summary>
public sealed class RankedArrayTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public RankedArrayTests() => Directory.CreateDirectory(StoreFolder);

    private string StoreFolder => Path.Combine(_folder, "stores");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("rows", null, 2)]
    [InlineData("rows", null, 4)]
    [InlineData("rows", Scaling.Robust, 3)]
    [InlineData("rows", Scaling.MinMax, 2)]
    [InlineData("whole numbers", Scaling.Standard, 4)]
    [InlineData("sparse", Scaling.None, 2)]
    [InlineData("planes", null, 3)]
    [InlineData("series", null, 4)]
    [InlineData("colours", null, 4)]
    [InlineData("idx", null, 2)]
    [InlineData("idx of colours", null, 4)]
    [InlineData("CIFAR", null, 4)]
    [InlineData("CIFAR folder", null, 3)]
    public void An_array_cut_among_ranks_becomes_the_store_and_preprocessing_of_one_process(string kind, Scaling? scaling, int size)
    {
        var (path, read) = (Write(kind), new ReadOptions { StoreFolder = StoreFolder, Series = kind == "series" });
        foreach (var options in new[] { new PreparationOptions { Validation = 0.2, Scaling = scaling }, new PreparationOptions { Validation = 0.2, Scaling = scaling, ByPlace = true } })
        {
            using var alone = DataFile.Prepare(path, read, options);
            Assert.NotEmpty(alone.Split.Validation);
            SameOfAll(alone, size, (ranks, progress) => DataFile.Prepare(path, read, options, ranks, progress));
            using var applied = Applied(path, read, alone);
            SameOfAll(applied, size, (ranks, progress) => DataFile.Apply(path, read, alone.Preprocessing, ranks, progress));
        }

        Assert.Empty(Directory.GetFiles(StoreFolder));
    }

    // What is unpacked from its beginning, and what is turned over as a whole, cannot be cut.
    [Theory]
    [InlineData("npz")]
    [InlineData("packed idx")]
    [InlineData("Fortran")]
    public void Arrays_that_cannot_be_cut_are_read_by_rank_zero_for_all(string kind)
    {
        var path = Write(kind);
        using var alone = DataFile.Prepare(path, new ReadOptions(), new PreparationOptions());
        Same(alone, 3, ranks => DataFile.Prepare(path, new ReadOptions(), new PreparationOptions(), ranks));
    }

    [Theory]
    [InlineData(1, 6)]
    [InlineData(3, 30)]
    public void Fewer_samples_than_ranks_are_read_nevertheless(int count, int validation)
    {
        var path = Write("few.npy", Npy("<f4", [count, 2], Floats([.. Enumerable.Range(0, 2 * count).Select(value => (float)value)])));
        var options = new PreparationOptions { Validation = validation / 1000.0 };
        using var alone = DataFile.Prepare(path, new ReadOptions(), options);
        Same(alone, 4, ranks => DataFile.Prepare(path, new ReadOptions(), options, ranks));
    }

    [Theory]
    [InlineData(150, 0)]
    [InlineData(899, 3)]
    public void A_value_that_is_not_finite_is_named_with_its_sample_whoever_reads_it(int sample, int rank)
    {
        float[] values = [.. Enumerable.Range(0, 9000).Select(value => value / 7f)];
        values[(sample * 10) + 4] = float.NaN;
        var path = Write("rows.npy", Npy("<f4", [900, 10], Floats(values)));
        var alone = Assert.Throws<DataException>(() => DataFile.Prepare(path, new ReadOptions { StoreFolder = StoreFolder }, new PreparationOptions())).Message;
        Assert.StartsWith($"{path}: sample {sample}, value 4 is NaN", alone, StringComparison.Ordinal);
        var faults = ThreadRanks.Run(4, ranks => Assert.Throws<AgreedFaultException>(() => DataFile.Prepare(path, new ReadOptions { StoreFolder = StoreFolder }, new PreparationOptions(), ranks)).Message);
        Assert.All(faults, fault => Assert.Equal($"rank {rank} of 4: {alone}", fault));
        Assert.Empty(Directory.GetFiles(StoreFolder));
    }

    [Theory]
    [InlineData("rows.npy", "truncated")]
    [InlineData("pictures-idx3", "truncated")]
    [InlineData("batch.bin", "CIFAR")]
    public void A_file_cut_short_is_refused_by_all_in_the_same_words(string name, string word)
    {
        var bytes = name == "rows.npy" ? Npy("<f4", [900, 10], new byte[4 * 9000]) : name == "batch.bin" ? Cifar(5, 1) : Idx(50, 6, 6);
        var path = Write(name, bytes[..^1]);
        var faults = ThreadRanks.Run(2, ranks => Assert.Throws<AgreedFaultException>(() => DataFile.Prepare(path, new ReadOptions(), new PreparationOptions(), ranks)).Message);
        Assert.Equal(faults[0], faults[1]);
        Assert.StartsWith(path, faults[0], StringComparison.Ordinal);
        Assert.Contains(word, faults[0], StringComparison.Ordinal);
    }

    // What is learnt within runs and from run to run is what one pass over plain numbers gives.
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Statistics_of_runs_add_up_to_those_of_all_samples(int features)
    {
        var (random, all, parts) = (new Random(8), new ArrayStatistics(features), new ArrayStatistics(features));
        var values = new List<double>[features];
        Array.Fill(values, null);
        for (var run = 0; run < 5; run++)
        {
            var part = new ArrayStatistics(features);
            for (var sample = 0; sample < 7 * run; sample++)
            {
                float[] drawn = [.. Enumerable.Range(0, 33).Select(place => (random.NextSingle() * (1 + run)) + (50 * (place % features)))];
                all.Add(drawn);
                part.Add(drawn);
                for (var place = 0; place < drawn.Length; place++)
                {
                    (values[place % features] ??= []).Add(drawn[place]);
                }
            }

            parts.Join(ArrayStatistics.Of(part.ToBytes(), features));
        }

        foreach (var learnt in new[] { all, parts })
        {
            Assert.Equal(values.Select(column => (float)column.Min()), learnt.Low);
            Assert.Equal(values.Select(column => (float)column.Max()), learnt.High);
            Assert.All(values.Zip(learnt.Mean), pair => Assert.Equal(pair.First.Average(), pair.Second, 1e-11));
            Assert.All(values.Zip(learnt.Deviation), pair => Assert.Equal(Math.Sqrt(pair.First.Average(value => Math.Pow(value - pair.First.Average(), 2))), pair.Second, 1e-11));
        }
    }

    private string Write(string kind)
    {
        const int Count = 901; // not as many for each rank, and more than one reading
        var random = new Random(4);
        byte[] Bytes(int count) => [.. Enumerable.Range(0, count).Select(_ => (byte)random.Next(256))];
        float[] Values(int count) => [.. Enumerable.Range(0, count).Select(place => (random.NextSingle() * 8) + (place % 5) - 3)];
        switch (kind)
        {
            case "rows": return Write("rows.npy", Npy("<f4", [Count, 150], Floats(Values(Count * 150))));
            case "whole numbers": return Write("rows.npy", Npy(">i2", [Count, 12], Bytes(Count * 24)));
            case "sparse": return Write("rows.npy", Npy("<f4", [Count, 400], Floats([.. Enumerable.Range(0, Count * 400).Select(place => place % 97 == 0 ? random.NextSingle() : 0)])));
            case "planes": return Write("planes.npy", Npy("<f8", [Count, 6, 9], [.. Values(Count * 54).SelectMany(value => BitConverter.GetBytes((double)value))]));
            case "series": return Write("series.npy", Npy("<f4", [Count, 20, 3], Floats(Values(Count * 60))));
            case "colours": return Write("colours.npy", Npy("|u1", [Count, 8, 8, 3], Bytes(Count * 192)));
            case "idx of colours": return Write("colours.idx4", Idx(Count, 8, 8, 3));
            case "CIFAR": return Write("batch.bin", Cifar(61, 1));
            case "CIFAR folder":
                for (var batch = 1; batch <= 3; batch++)
                {
                    Write($"cifar/data_batch_{batch}.bin", Cifar(20 + batch, batch));
                }

                return Path.Combine(_folder, "cifar");
            case "Fortran": return Write("turned.npy", Npy("<f4", [Count, 7], Floats(Values(Count * 7)), isFortran: true));
            case "npz": return Write("rows.npz", Zip(Npy("<f4", [Count, 7], Floats(Values(Count * 7)))));
            case "packed idx": return Write("pictures-idx3.gz", Packed(Idx(Count, 6, 6)));
            default:
                Write("train-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, Count >> 8, Count & 255, .. Bytes(Count)]);
                return Write("train-images-idx3-ubyte", Idx(Count, 6, 6));
        }
    }

    private string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private static byte[] Zip(byte[] array)
    {
        using var memory = new MemoryStream();
        using (var archive = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var entry = archive.CreateEntry("X.npy").Open();
            entry.Write(array);
        }

        return memory.ToArray();
    }

    private static byte[] Packed(byte[] bytes)
    {
        using var memory = new MemoryStream();
        using (var packed = new GZipStream(memory, CompressionLevel.Fastest, leaveOpen: true))
        {
            packed.Write(bytes);
        }

        return memory.ToArray();
    }
}
