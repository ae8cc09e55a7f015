using Hourglass.Bundles;
using Hourglass.Data;
using Hourglass.Networks.Dense;
using Hourglass.Preprocessing;
using Hourglass.Scoring;
using Hourglass.Tasks;
using Hourglass.Training;
using Parquet;
using Parquet.Schema;

namespace Hourglass.Tests.Scoring;

/// <summary>Errors of a Parquet file while it is read are those of its samples in a store, to the bit.</summary>
public sealed class StreamedErrorsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // More rows than a block, no whole tiles; two row groups, the second with a last block of its own.
    [Theory]
    [InlineData(CompressionMethod.Snappy, 1)]
    [InlineData(CompressionMethod.Snappy, 3)]
    [InlineData(CompressionMethod.None, 2)]
    [InlineData(CompressionMethod.Gzip, 2)] // for which there is no quick reader
    public void Figures_are_those_of_the_store(CompressionMethod method, int threads)
    {
        var (rows, model) = (Path.Combine(_folder, "rows.parquet"), Path.Combine(_folder, "model.hourglass"));
        Write(rows, 9001, method);
        TrainTask.Run(new TrainRequest
        {
            Data = rows,
            Out = model,
            Options = new AutoencoderOptions { LatentSize = 3, Network = new DenseNetworkOptions { Hidden = [21] }, Training = new TrainingOptions { Epochs = 1 } },
        }).Dispose();
        var contents = BundleFile.Read(model);
        var preprocessing = BundleJson.Deserialize<SamplePreprocessing>(contents.Preprocessing, model);
        using var dense = KernelReconstructor.TryCreate(contents, model, out _, threads)!;
        using var stored = DataFile.Apply(rows, new ReadOptions(), preprocessing);
        var samples = new float[stored.Samples.Count * stored.Samples.SampleLength];
        stored.Samples.Read(0, (int)stored.Samples.Count, samples);
        foreach (var blocks in new[] { [], preprocessing.Blocks })
        {
            var errors = new ReconstructionErrors(dense, blocks);
            var expected = new float[stored.Samples.Count * errors.Width];
            errors.Measure(samples, expected);
            using var streamed = DataFile.Stream(rows, new ReadOptions(), preprocessing, threads)!;
            Assert.True(streamed.HasTiles && errors.TakesTiles);
            Assert.Equal(expected, StreamedErrors.Of(streamed, dense, blocks).SelectMany(figures => figures));
        }
    }

    [Fact]
    public void A_number_that_is_too_large_is_named_by_its_row()
    {
        var (rows, model) = (Path.Combine(_folder, "rows.parquet"), Path.Combine(_folder, "model.hourglass"));
        Write(rows, 300, CompressionMethod.Snappy);
        TrainTask.Run(new TrainRequest { Data = rows, Out = model, Options = new AutoencoderOptions { LatentSize = 2, Training = new TrainingOptions { Epochs = 1 } } }).Dispose();
        var contents = BundleFile.Read(model);
        using var dense = KernelReconstructor.TryCreate(contents, model, out _, 2)!;
        Write(rows, 9001, CompressionMethod.Snappy, large: 8000);
        using var streamed = DataFile.Stream(rows, new ReadOptions(), BundleJson.Deserialize<SamplePreprocessing>(contents.Preprocessing, model), 2)!;
        Assert.Contains("line 8001, column 2 ('b')", Assert.Throws<DataException>(() => StreamedErrors.Of(streamed, dense, []).Count()).Message, StringComparison.Ordinal);
    }

    private static void Write(string path, int rows, CompressionMethod method, int large = -1) => WriteAsync(path, rows, method, large).GetAwaiter().GetResult();

    private static async Task WriteAsync(string path, int rows, CompressionMethod method, int large)
    {
        var random = new Random(4);
        DataField[] fields = [new DataField<float?>("a"), new DataField<double>("b"), new DataField<float>("c"), new DataField<float?>("few")];
        await using var stream = File.Create(path);
        await using var writer = await ParquetWriter.CreateAsync(new ParquetSchema(fields), stream, new ParquetOptions { CompressionMethod = method });
        for (var first = 0; first < rows; first += 6000)
        {
            using var group = writer.CreateRowGroup();
            var places = Enumerable.Range(first, Math.Min(6000, rows - first)).ToArray();
            await group.WriteAsync<float>(fields[0], places.Select(_ => (float?)random.NextSingle()).ToArray().AsMemory());
            await group.WriteAsync<double>(fields[1], places.Select(row => row == large ? 1e300 : 3e5 + random.NextDouble()).ToArray().AsMemory());
            await group.WriteAsync<float>(fields[2], places.Select(_ => (random.NextSingle() * 4) - 2).ToArray().AsMemory());
            await group.WriteAsync<float>(fields[3], places.Select(row => (float?)(row % 11) / 7).ToArray().AsMemory());
        }
    }
}
