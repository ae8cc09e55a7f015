using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using Hourglass.Data;
using Hourglass.Data.BuiltIn;
using Hourglass.Data.Output;
using Hourglass.Data.Stores;
using Hourglass.Preprocessing;

namespace Hourglass.Inference.Tests.Data;

public sealed class ArrayTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static byte[] Npy(string type, int[] shape, byte[] values)
    {
        var header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({string.Join(", ", shape)},), }}".PadRight(117) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. values];
    }

    private static byte[] Floats(params float[] values) => MemoryMarshal.AsBytes<float>(values).ToArray();

    private static byte[] Idx(int count)
    {
        var bytes = new byte[16 + (count * 16)];
        bytes[2] = 8;
        bytes[3] = 3;
        foreach (var (offset, value) in new[] { (4, count), (8, 4), (12, 4) })
        {
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(offset), value);
        }

        new Random(1).NextBytes(bytes.AsSpan(16));
        return bytes;
    }

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

    // Welford's recurrence value by value, which the reader takes row by row.
    [Theory]
    [InlineData(new[] { 500, 7 }, 7, false)]
    [InlineData(new[] { 40, 6, 3 }, 3, true)]
    [InlineData(new[] { 40, 1, 5, 4 }, 1, false)]
    public void Features_channels_or_all_values_are_scaled_to_the_bits_of_one_pass_by_value(int[] shape, int features, bool isSeries)
    {
        var (random, mean, squares, seen) = (new Random(3), new double[features], new double[features], new long[features]);
        float[] values = [.. Enumerable.Range(0, shape.Aggregate(1, (product, size) => product * size)).Select(_ => (random.NextSingle() * 9) - 3)];
        for (var place = 0; place < values.Length; place++)
        {
            var (feature, change) = (place % features, values[place] - mean[place % features]);
            mean[feature] += change / ++seen[feature];
            squares[feature] += change * (values[place] - mean[feature]);
        }

        using var data = DataFile.Prepare(Write("a.npy", Npy("<f4", shape, Floats(values))), new ReadOptions { Series = isSeries }, new PreparationOptions { Validation = 0 });
        var fitted = Assert.IsType<ArrayPreprocessing>(data.Preprocessing);
        Assert.Equal(mean, fitted.Offsets);
        Assert.Equal(squares.Zip(seen, (sum, count) => Math.Sqrt(sum / count)), fitted.Scales);
        var held = new float[values.Length];
        data.Samples.Read(0, shape[0], held);
        Assert.Equal(values.Select((value, place) => (float)((value - mean[place % features]) / fitted.Scales[place % features])), held);
    }

    [Theory]
    [InlineData(">f4")]
    [InlineData("<f8")]
    public void An_array_of_another_order_or_width_becomes_the_same_samples(string type)
    {
        float[] values = [1.5f, 10, 2, -20, 3, 30.25f];
        var other = values.SelectMany(value => type == ">f4" ? BitConverter.GetBytes(value).Reverse() : BitConverter.GetBytes((double)value)).ToArray();
        using var plain = Prepare(Write("a.npy", Npy("<f4", [3, 2], Floats(values))));
        using var read = Prepare(Write("b.npy", Npy(type, [3, 2], other)));
        Assert.Equal(plain.Samples.ContentHash, read.Samples.ContentHash);
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
        using var data = Prepare(Write("train-images-idx3-ubyte", Idx(3)));
        Assert.Equal([1, 4, 4], data.Samples.SampleShape);
        Assert.Equal(["2", "7"], data.Labels!.Names);
        Assert.Equal([1, 0, 1], data.Labels.Codes);
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

        (string Name, byte[] Bytes)[] files = [("a.npy", Npy("<f4", [4, 3], Floats(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12))), ("a.npz", memory.ToArray()), ("a-idx3-ubyte", Idx(5))];
        var random = new Random(3);
        for (var round = 0; round < 501; round++)
        {
            var (name, bytes) = files[round % 3];
            Mutation.Check(_folder, name, bytes, random, path => Prepare(path).Dispose());
        }
    }
}
