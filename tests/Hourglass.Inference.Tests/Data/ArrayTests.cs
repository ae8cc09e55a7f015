using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using Hourglass.Data;
using Hourglass.Data.BuiltIn;
using Hourglass.Data.Output;
using Hourglass.Data.Stores;
using Hourglass.Preprocessing;
using static Hourglass.Inference.Tests.Data.ArrayBytes;

namespace Hourglass.Inference.Tests.Data;

public sealed class ArrayTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private string Zip(string name, params (string Key, byte[] Bytes)[] arrays)
    {
        using var memory = new MemoryStream();
        using (var zip = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (key, bytes) in arrays)
            {
                using var entry = zip.CreateEntry(key + ".npy").Open();
                entry.Write(bytes);
            }
        }

        return Write(name, memory.ToArray());
    }

    private static PreparedData Prepare(string path) => DataFile.Prepare(path, new ReadOptions(), new PreparationOptions { Validation = 0 });

    [Fact]
    public void A_float_array_is_standardised_and_inverts()
    {
        using var data = Prepare(Write("a.npy", Npy("<f4", [3, 2], Floats(1, 10, 2, 20, 3, 30))));
        var (values, cells) = (new float[2], new Cell[2]);
        data.Samples.Read(2, 1, values);
        Assert.Equal(1.2247, values[0], 1e-3);
        data.Preprocessing.Invert(values, cells);
        Assert.Equal([3, 30], cells.Select(cell => Math.Round(cell.Number, 4)));
    }

    // By two passes over plain numbers; the bits of one rank and several are compared elsewhere.
    [Theory]
    [InlineData(new[] { 500, 7 }, 7, false)]
    [InlineData(new[] { 3, 7 }, 7, false)]
    [InlineData(new[] { 40, 6, 3 }, 3, true)]
    [InlineData(new[] { 40, 1, 5, 4 }, 1, false)]
    public void Features_channels_or_all_values_are_scaled_by_their_mean_and_deviation(int[] shape, int features, bool isSeries)
    {
        var random = new Random(3);
        float[] values = [.. Enumerable.Range(0, shape.Aggregate(1, (product, size) => product * size)).Select(place => (random.NextSingle() * 9) + (100 * (place % features)) - 3)];
        var own = Enumerable.Range(0, features).Select(feature => values.Where((_, place) => place % features == feature).Select(value => (double)value).ToList()).ToList();
        var mean = own.ConvertAll(column => column.Average());
        using var data = DataFile.Prepare(Write("a.npy", Npy("<f4", shape, Floats(values))), new ReadOptions { Series = isSeries }, new PreparationOptions { Validation = 0 });
        var fitted = Assert.IsType<ArrayPreprocessing>(data.Preprocessing);
        Assert.All(fitted.Offsets.Zip(mean), pair => Assert.Equal(pair.Second, pair.First, 1e-11));
        Assert.All(fitted.Scales.Zip(own.Zip(mean, (column, centre) => Math.Sqrt(column.Average(value => (value - centre) * (value - centre))))), pair => Assert.Equal(pair.Second, pair.First, 1e-11));
        var held = new float[values.Length];
        data.Samples.Read(0, shape[0], held);
        Assert.Equal(values.Select((value, place) => (float)((value - fitted.Offsets[place % features]) / fitted.Scales[place % features])), held);
    }

    // As numpy writes them: [1, 0, 200, 100] or the nearest that the type holds, more samples than are converted at once.
    [Theory]
    [InlineData("|b1", "01 00 01 00", new float[] { 1, 0, 1, 0 })]
    [InlineData("|u1", "01 00 C8 64", new float[] { 1, 0, 200, 100 })]
    [InlineData("|i1", "01 00 C8 64", new float[] { 1, 0, -56, 100 })]
    [InlineData("<u2", "0100 0000 C8FF 6400", new float[] { 1, 0, 65480, 100 })]
    [InlineData(">u2", "0001 0000 FFC8 0064", new float[] { 1, 0, 65480, 100 })]
    [InlineData("<i2", "0100 0000 C8FF 6400", new float[] { 1, 0, -56, 100 })]
    [InlineData("<u4", "01000000 00000000 000000FF 64000000", new float[] { 1, 0, 4278190080, 100 })]
    [InlineData(">i4", "00000001 00000000 FFFFFFC8 00000064", new float[] { 1, 0, -56, 100 })]
    [InlineData("<u8", "0100000000000000 0000000000000000 00000000000000FF 6400000000000000", new float[] { 1, 0, 255f * (1L << 56), 100 })]
    [InlineData("<i8", "0100000000000000 0000000000000000 C8FFFFFFFFFFFFFF 6400000000000000", new float[] { 1, 0, -56, 100 })]
    [InlineData("<f2", "003C 0000 405A 4056", new float[] { 1, 0, 200, 100 })]
    [InlineData(">f4", "3F800000 00000000 43480000 42C80000", new float[] { 1, 0, 200, 100 })]
    [InlineData("<f8", "000000000000F03F 0000000000000000 0000000000006940 0000000000005940", new float[] { 1, 0, 200, 100 })]
    [InlineData(">f8", "3FF0000000000000 0000000000000000 4069000000000000 4059000000000000", new float[] { 1, 0, 200, 100 })]
    public void Numbers_of_any_width_and_order_of_bytes_are_read(string type, string bytes, float[] expected)
    {
        const int Copies = 40_000;
        var once = Convert.FromHexString(bytes.Replace(" ", "", StringComparison.Ordinal));
        byte[] values = [.. Enumerable.Repeat(once, Copies).SelectMany(part => part)];
        using var data = DataFile.Prepare(Write("a.npy", Npy(type, [2 * Copies, 2], values)), new ReadOptions(), new PreparationOptions { Validation = 0, Scaling = Scaling.None });
        var held = new float[4 * Copies];
        data.Samples.Read(0, 2 * Copies, held);
        Assert.Equal(Enumerable.Repeat(expected, Copies).SelectMany(part => part), held);
    }

    [Theory]
    [InlineData("<f16")]
    [InlineData("<c8")]
    [InlineData("<U3")]
    public void Values_that_are_no_numbers_of_known_width_are_refused(string type) =>
        Assert.Contains("does not describe an array of numbers", Assert.Throws<DataException>(() => Prepare(Write("a.npy", Npy(type, [2, 2], new byte[64])))).Message, StringComparison.Ordinal);

    [Fact]
    public void Labels_of_64_bits_keep_all_their_digits()
    {
        using var data = Prepare(Zip("a.npz", ("X", Npy("<f4", [2, 2], Floats(1, 2, 3, 4))), ("y", Npy("<i8", [2], MemoryMarshal.AsBytes(new long[] { 9_007_199_254_740_991, -3 }.AsSpan()).ToArray()))));
        Assert.Equal(["-3", "9007199254740991"], data.Labels!.Names);
    }

    [Fact]
    public void An_array_in_Fortran_order_becomes_the_samples_of_its_transpose()
    {
        using var plain = Prepare(Write("a.npy", Npy("<f4", [3, 2], Floats(1, 10, 2, 20, 3, 30))));
        using var turned = Prepare(Write("b.npy", Npy("<f4", [3, 2], Floats(1, 2, 3, 10, 20, 30), isFortran: true)));
        Assert.Equal(plain.Samples.ContentHash, turned.Samples.ContentHash);
    }

    [Fact]
    public void Channels_that_stand_last_are_moved_to_the_front()
    {
        var bytes = Enumerable.Range(0, 2 * 5 * 5 * 3).Select(value => (byte)value).ToArray();
        using var data = Prepare(Write("a.npy", Npy("|u1", [2, 5, 5, 3], bytes)));
        Assert.Equal([3, 5, 5], data.Samples.SampleShape);
        var values = new float[75];
        data.Samples.Read(0, 1, values);
        Assert.Equal([0f, 3f, 6f], values[..3].Select(value => MathF.Round(value * 255)));
        Assert.Equal(1f, MathF.Round(values[25] * 255));
    }

    [Fact]
    public void A_matrix_in_compressed_rows_is_read_as_scipy_writes_it_and_not_scaled()
    {
        using var data = Prepare(Rows("csr", [0, 2, 2, 3], [3, 0, 1]));
        Assert.Equal((3L, 4), (data.Samples.Count, data.Samples.SampleLength));
        Assert.Equal([2f, 0, 0, 5], Sample(data, 0));
        Assert.Equal([0f, 0, 0, 0], Sample(data, 1));
        Assert.Equal([0f, -1, 0, 0], Sample(data, 2));
    }

    [Theory]
    [InlineData("csc", new[] { 0, 2, 2, 3 }, new[] { 3, 0, 1 }, "tocsr")]
    [InlineData("csr", new[] { 0, 2, 1, 3 }, new[] { 3, 0, 1 }, "indptr")]
    [InlineData("csr", new[] { 0, 2, 2, 3 }, new[] { 4, 0, 1 }, "column 4")]
    [InlineData("csr", new[] { 0, 2, 2, 5 }, new[] { 3, 0, 1 }, "indices")]
    public void Damaged_compressed_rows_are_refused_by_name(string format, int[] starts, int[] places, string named) =>
        Assert.Contains(named, Assert.Throws<DataException>(() => Prepare(Rows(format, starts, places))).Message, StringComparison.Ordinal);

    private static float[] Sample(PreparedData data, int number)
    {
        var values = new float[data.Samples.SampleLength];
        data.Samples.Read(number, 1, values);
        return values;
    }

    // scipy.sparse.save_npz of [[2, 0, 0, 5], [0, 0, 0, 0], [0, -1, 0, 0]], scipy 1.10: format is an array of three bytes without axes.
    private string Rows(string format, int[] starts, int[] places) => Zip(
        "rows.npz", ("indices", Npy("<i4", [places.Length], MemoryMarshal.AsBytes(places.AsSpan()).ToArray())), ("indptr", Npy("<i4", [starts.Length], MemoryMarshal.AsBytes(starts.AsSpan()).ToArray())),
        ("format", Npy("|S3", [], Encoding.ASCII.GetBytes(format))), ("shape", Npy("<i8", [2], MemoryMarshal.AsBytes(new long[] { 3, 4 }.AsSpan()).ToArray())), ("data", Npy("<f4", [3], Floats(5, 2, -1))));

    [Fact]
    public void Labels_of_an_npz_are_found_and_a_missing_choice_lists_the_arrays()
    {
        using var data = Prepare(Zip("a.npz", ("X", Npy("<f4", [2, 2], Floats(1, 2, 3, 4))), ("y", Npy("|u1", [2], [1, 0]))));
        Assert.Equal(["0", "1"], data.Labels!.Names);
        Assert.Equal([1, 0], data.Labels.Codes);
        var fault = Assert.Throws<DataException>(() => Prepare(Zip("b.npz", ("p", Npy("<f4", [2, 2], Floats(1, 2, 3, 4))), ("q", Npy("<f4", [2, 2], Floats(1, 2, 3, 4))))));
        Assert.Contains("p [2, 2], q [2, 2]", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_header_that_claims_more_than_the_file_holds_is_refused()
    {
        var fault = Assert.Throws<DataException>(() => Prepare(Write("a.npy", Npy("<f4", [1_000_000_000, 1000], Floats(1)))));
        Assert.Contains("truncated", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_idx_file_reads_with_the_labels_beside_it()
    {
        Write("train-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 7]);
        using var data = Prepare(Write("train-images-idx3-ubyte", Idx(3, 4, 4)));
        Assert.Equal([1, 4, 4], data.Samples.SampleShape);
        Assert.Equal(["2", "7"], data.Labels!.Names);
        Assert.Equal([1, 0, 1], data.Labels.Codes);
    }

    [Fact]
    public void Channels_of_an_idx_file_that_stand_last_are_moved_to_the_front()
    {
        var bytes = Idx(2, 5, 5, 3);
        using var data = Prepare(Write("colours.idx4", bytes));
        Assert.Equal([3, 5, 5], data.Samples.SampleShape);
        Assert.Equal(Enumerable.Range(0, 150).Select(value => bytes[20 + (value / 75 * 75) + (value % 25 * 3) + (value % 75 / 25)]), data.Samples.Raw(0, 2).ToArray());
    }

    [Fact]
    public void Batches_of_CIFAR_are_read_one_after_another_with_their_labels()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "cifar"));
        var (first, second) = (Cifar(3, 1), Cifar(2, 2));
        Write("cifar/data_batch_1.bin", first);
        Write("cifar/data_batch_2.bin", second);
        using var data = Prepare(Path.Combine(_folder, "cifar"));
        byte[] all = [.. first, .. second];
        Assert.Equal(Enumerable.Range(0, 5).SelectMany(record => all[((record * 3073) + 1)..((record + 1) * 3073)]), data.Samples.Raw(0, 5).ToArray());
        Assert.Equal(Enumerable.Range(0, 5).Select(record => $"{all[record * 3073]}"), data.Labels!.Codes.Select(code => data.Labels.Names[code]));
    }

    [Fact]
    public void Pictures_written_to_a_folder_are_read_again()
    {
        foreach (var (label, level) in new[] { ("dark", 0.2f), ("light", 0.8f) })
        {
            Directory.CreateDirectory(Path.Combine(_folder, "pictures", label));
            PictureGrid.Write(Path.Combine(_folder, "pictures", label, "a.png"), [[.. Enumerable.Repeat(level, 3 * 60 * 60)]], [3, 60, 60], 1);
        }

        using var data = DataFile.Prepare(Path.Combine(_folder, "pictures"), new ReadOptions { Size = new ImageSize(8, 8) }, new PreparationOptions { Validation = 0 });
        Assert.Equal([3, 8, 8], data.Samples.SampleShape);
        Assert.Equal(["dark", "light"], data.Labels!.Names);
        var values = new float[192];
        data.Samples.Read(1, 1, values);
        Assert.Equal(0.8, values[100], 0.02);
    }

    [Fact]
    public void Glyphs_are_at_least_a_hundred_typefaces_in_at_most_two_megabytes()
    {
        using var data = Prepare("glyphs");
        using var test = Prepare("glyphs-test");
        Assert.True(data.Samples.Count + test.Samples.Count >= 100 * 62);
        Assert.Equal(62, data.Labels!.Names.Count);
        using var resource = typeof(BuiltInSets).Assembly.GetManifestResourceStream("glyphs.bin")!;
        Assert.InRange(resource.Length, 1, 2 << 20);
    }

    [Fact]
    public void Telemetry_plants_anomalies_of_five_kinds_and_is_the_same_every_time()
    {
        using var first = Prepare("telemetry");
        using var second = Prepare("telemetry");
        Assert.Equal(first.Samples.ContentHash, second.Samples.ContentHash);
        Assert.Equal(6, first.Labels!.Names.Count);
    }

    [Fact]
    public void A_store_that_was_altered_is_known_as_such()
    {
        var path = Path.Combine(_folder, "a.samples");
        using (var writer = SampleStore.Create(path, [2], ElementType.Float32))
        {
            writer.Append([1, 2, 3, 4]);
            writer.Finish().Dispose();
        }

        var bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
        Assert.Throws<DataException>(() => SampleStore.Open(path, verifyContent: true));
        bytes[30] ^= 1;
        File.WriteAllBytes(path, bytes);
        Assert.Throws<DataException>(() => SampleStore.Open(path));
    }

    [Fact]
    public void Five_hundred_mutated_files_give_a_named_error_or_a_correct_read()
    {
        using var memory = new MemoryStream();
        using (var zip = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var entry = zip.CreateEntry("X.npy").Open();
            entry.Write(Npy("<f4", [4, 3], Floats(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)));
        }

        (string Name, byte[] Bytes)[] files = [("a.npy", Npy("<f4", [4, 3], Floats(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12))), ("a.npz", memory.ToArray()), ("a-idx3-ubyte", Idx(5, 4, 4))];
        var random = new Random(3);
        for (var round = 0; round < 501; round++)
        {
            var (name, bytes) = files[round % 3];
            Mutation.Check(_folder, name, bytes, random, path => Prepare(path).Dispose());
        }
    }
}
