using System.Runtime.InteropServices;
using CsCheck;
using Hourglass.Data.Tabular;
using Hourglass.Kernels;
using Hourglass.Preprocessing;
using Parquet;
using Parquet.Schema;

namespace Hourglass.Tests.Data;

/// <summary>Columns of numbers decoded the short way are what the general reader makes of the same file.</summary>
public sealed class ParquetRealsTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Columns_of_any_length_with_missing_values_are_the_general_readers() => Gen.Select(
        Gen.Frequency((8, Gen.Float.Select(value => (float?)value)), (1, Gen.Const((float?)null))).Array[1, 3000], Gen.Int[0, 2], Gen.Bool).Sample(
        (values, missing, isPacked) =>
        {
            float?[] some = missing == 0 ? [.. values.Select(value => value ?? 1f)] : missing == 1 ? values : [.. values.Select((value, row) => row < values.Length / 2 ? null : value)];
            Write(some, isPacked ? CompressionMethod.Snappy : CompressionMethod.None);
            Compare(some);
        },
        iter: 60, threads: 1);

    [Fact]
    public void A_codec_that_is_not_known_is_left_to_the_general_reader()
    {
        Write([1, 2, 3], CompressionMethod.Gzip);
        using var file = File.OpenHandle(_path);
        using var reader = Open(_path);
        Assert.Null(ParquetReals.TryRead<float>(file, reader.RowGroup.Columns[0].MetaData, isOptional: true, 3));
    }

    [Fact]
    public void Damaged_pages_give_nothing_rather_than_a_crash()
    {
        Write([.. Enumerable.Range(0, 500).Select(row => row % 7 == 0 ? (float?)null : row)], CompressionMethod.Snappy);
        var whole = File.ReadAllBytes(_path);
        using var reader = Open(_path);
        var column = reader.RowGroup.Columns[0].MetaData!;
        var random = new Random(1);
        for (var trial = 0; trial < 2000; trial++)
        {
            byte[] damaged = [.. whole];
            damaged[column.DataPageOffset + random.Next((int)column.TotalCompressedSize)] = (byte)random.Next(256);
            File.WriteAllBytes(_path, damaged);
            using var file = File.OpenHandle(_path);
            Assert.True(ParquetReals.TryRead<float>(file, column, isOptional: true, 500) is null or { Length: 500 });
        }
    }

    // Random numbers are packed in runs of 64 kB, of which the second one begins where the damage is sought.
    [Fact]
    public void A_column_that_turns_out_damaged_goes_on_with_what_the_general_reader_says_from_that_row_on()
    {
        const int Rows = 40_000;
        var random = new Random(2);
        float?[] values = [.. Enumerable.Range(0, Rows).Select(_ => (float?)random.NextSingle())];
        Write(values, CompressionMethod.Snappy);
        using var reader = Open(_path);
        var column = reader.RowGroup.Columns[0].MetaData!;
        var (whole, begun) = (File.ReadAllBytes(_path), 0);
        for (var place = (int)column.DataPageOffset + (1 << 16); begun is 0 or >= Rows; place++)
        {
            Assert.True(place < column.DataPageOffset + (1 << 16) + 200, "No byte was found whose damage is noticed.");
            byte[] damaged = [.. whole];
            damaged[place] ^= 0xFF;
            File.WriteAllBytes(_path, damaged);
            using var file = File.OpenHandle(_path);
            using var stream = ParquetRealStream<float>.TryOpen(file, column, isOptional: true, Rows)!;
            var fault = Record.Exception(() =>
            {
                for (begun = 0; begun < Rows;)
                {
                    begun += stream.Next(48, Math.Min(480, Rows - begun)).Length;
                }
            });
            begun = fault is not null && ParquetRealStream<float>.IsFlaw(fault) ? begun : 0;
        }

        using var tiles = new RowTiles(1, Rows);
        using var damagedFile = File.OpenHandle(_path);
        using var read = new TileColumn<float>(ParquetRealStream<float>.TryOpen(damagedFile, column, isOptional: true, Rows), new LinearScaling(0, 1, 0), General);
        Assert.True(read.Read(0, Rows, tiles, 0));
        Assert.Equal(values.Select((value, row) => row < begun ? value!.Value : -row), Enumerable.Range(0, Rows).Select(row => tiles.Run(0, row, 1)[0]));

        RealValues<float> General()
        {
            var memory = System.Buffers.ArrayPool<byte>.Shared.Rent(Rows * sizeof(float));
            MemoryMarshal.AsBytes<float>([.. Enumerable.Range(0, Rows).Select(row => (float)-row)]).CopyTo(memory);
            return new RealValues<float>(memory, Rows);
        }
    }

    [Fact]
    public void Memory_of_a_column_is_lent_again_once_it_is_released()
    {
        Write([.. Enumerable.Range(0, 5000).Select(row => (float?)row)], CompressionMethod.Snappy);
        using var file = File.OpenHandle(_path);
        using var reader = Open(_path);
        var first = ParquetReals.TryRead<float>(file, reader.RowGroup.Columns[0].MetaData, isOptional: true, 5000)!.Value;
        var second = ParquetReals.TryRead<float>(file, reader.RowGroup.Columns[0].MetaData, isOptional: true, 5000)!.Value;
        Assert.NotSame(first.Memory, second.Memory);
        Assert.Equal(first.Span.ToArray(), second.Span.ToArray());
        var released = second.Memory;
        second.Release();
        Assert.Same(released, System.Buffers.ArrayPool<byte>.Shared.Rent(released.Length));
    }

    // Written here as the format's page says: groups of eight packed numbers, or a run of one.
    [Fact]
    public void Runs_and_packed_numbers_of_any_width_are_read_back() => Gen.Select(Gen.Int[1, 24], Gen.Int[0, 40].Array[0, 12], Gen.Int).Sample((width, lengths, seed) =>
    {
        var (random, bytes, numbers) = (new Random(seed), new List<byte>(), new List<int>());
        foreach (var length in lengths)
        {
            if (length % 2 == 0)
            {
                var number = random.Next(1 << width);
                numbers.AddRange(Enumerable.Repeat(number, length));
                bytes.AddRange([(byte)(length << 1), .. BitConverter.GetBytes(number).Take((width + 7) / 8)]);
                continue;
            }

            int[] packed = [.. Enumerable.Range(0, 8 * (length % 5)).Select(_ => random.Next(1 << width))];
            numbers.AddRange(packed);
            var bits = packed.SelectMany(number => Enumerable.Range(0, width).Select(bit => (number >> bit) & 1)).ToArray();
            bytes.AddRange([(byte)((length % 5 << 1) | 1), .. bits.Chunk(8).Select(eight => (byte)eight.Select((bit, place) => bit << place).Sum())]);
        }

        var read = new int[numbers.Count];
        ParquetRuns.Read(CollectionsMarshal.AsSpan(bytes), width, read);
        Assert.Equal(numbers, read);
    });

    private void Compare(float?[] values)
    {
        using var file = File.OpenHandle(_path);
        using var reader = Open(_path);
        Assert.Equal(values.Select(value => value ?? float.NaN), ParquetReals.TryRead<float>(file, reader.RowGroup.Columns[0].MetaData, isOptional: true, values.Length)!.Value.Span.ToArray());
        Assert.Equal(values.Select(value => value is { } number && float.IsFinite(number) ? number : 0.5), ParquetReals.TryRead<double>(file, reader.RowGroup.Columns[1].MetaData, isOptional: false, values.Length)!.Value.Span.ToArray());
    }

    private static ParquetRowGroupReader Open(string path) => ParquetReader.CreateAsync(new MemoryStream(File.ReadAllBytes(path))).GetAwaiter().GetResult().OpenRowGroupReader(0);

    private void Write(float?[] values, CompressionMethod method) => WriteAsync(values, method).GetAwaiter().GetResult();

    private async Task WriteAsync(float?[] values, CompressionMethod method)
    {
        var fields = new DataField[] { new DataField<float?>("optional"), new DataField<double>("double") };
        await using var stream = File.Create(_path);
        await using var writer = await ParquetWriter.CreateAsync(new ParquetSchema(fields), stream, new ParquetOptions { CompressionMethod = method });
        using var rows = writer.CreateRowGroup();
        await rows.WriteAsync<float>(fields[0], values.AsMemory());
        await rows.WriteAsync<double>(fields[1], values.Select(value => value is { } number && float.IsFinite(number) ? number : 0.5).ToArray().AsMemory());
    }
}
