using Hourglass.Bundles;
using Hourglass.Data;
using Hourglass.Data.Output;
using Hourglass.Networks.Dense;
using Hourglass.Preprocessing;
using Hourglass.Scoring;
using Hourglass.Tasks;
using Hourglass.Training;
using Parquet;
using Parquet.Schema;

namespace Hourglass.Benchmarks;

/// <summary>A million rows in a Parquet file, and a model for them.</summary>
internal sealed class ScoringScene : IDisposable
{
    public const int Rows = 1_000_000;
    public const int Columns = 30;
    private readonly string _path = Directory.CreateTempSubdirectory().FullName;

    public ScoringScene()
    {
        WriteCsv(In("train.csv"), Draw(2000));
        TrainTask.Run(new TrainRequest
        {
            Data = In("train.csv"),
            Out = Model,
            Options = new AutoencoderOptions { LatentSize = 16, Network = new DenseNetworkOptions { Hidden = [64] }, Training = new TrainingOptions { Epochs = 1 } },
        }).Dispose();
        WriteParquetAsync(Table, Draw(Rows)).GetAwaiter().GetResult();
        WriteParquetAsync(In("few.parquet"), Draw(100)).GetAwaiter().GetResult();
    }

    /// <summary>30-64-16-64-30, ReLU.</summary>
    public string Model => In("model.hourglass");

    /// <summary>The rows.</summary>
    public string Table => In("rows.parquet");

    /// <summary>What hourglass score does; gives the mean score.</summary>
    public double Score(int threads) => Score(Table, threads);

    /// <summary>The same of a hundred rows: what does not grow with them.</summary>
    public double ScoreFew() => Score(In("few.parquet"), threads: 1);

    private double Score(string table, int threads)
    {
        var contents = BundleFile.Read(Model);
        using var model = KernelReconstructor.TryCreate(contents, Model, out _, threads)!;
        using var samples = DataFile.Stream(table, new ReadOptions(), BundleJson.Deserialize<SamplePreprocessing>(contents.Preprocessing, Model), threads)!;
        var summary = new ScoreSummary(10);
        ResultWriter.Write(In("scores.npy"), new NumberTable
        {
            Columns = ["score"],
            Count = samples.Count,
            Blocks = StreamedErrors.Of(samples, model, []).Select(block =>
            {
                Array.ForEach(block, summary.Add);
                return block;
            }),
        });
        return summary.Mean;
    }

    // Column after column, each a mixture of six sources under a hyperbolic tangent, with noise.
    internal static float[][] Draw(int rows)
    {
        var (random, mixing) = (new Random(rows), new Random(1));
        var weights = Enumerable.Range(0, Columns * 6).Select(_ => (mixing.NextDouble() * 4) - 2).ToArray();
        var columns = Enumerable.Range(0, Columns).Select(_ => new float[rows]).ToArray();
        var sources = new double[6];
        for (var row = 0; row < rows; row++)
        {
            for (var source = 0; source < sources.Length; source++)
            {
                sources[source] = random.NextDouble() + random.NextDouble() - 1;
            }

            for (var column = 0; column < Columns; column++)
            {
                var sum = 0.0;
                for (var source = 0; source < sources.Length; source++)
                {
                    sum += sources[source] * weights[(column * 6) + source];
                }

                columns[column][row] = (float)(Math.Tanh(sum) + (0.1 * random.NextDouble()));
            }
        }

        return columns;
    }

    private static void WriteCsv(string path, float[][] columns) => File.WriteAllLines(
        path, Enumerable.Range(0, columns[0].Length).Select(row => string.Join(',', columns.Select(column => column[row].ToString(System.Globalization.CultureInfo.InvariantCulture)))).Prepend(string.Join(',', Names())));

    internal static async Task WriteParquetAsync(string path, float[][] columns)
    {
        var fields = Names().Select(name => new DataField<float?>(name)).ToArray(); // optional, as most programs write them
        await using var stream = File.Create(path);
        await using var writer = await ParquetWriter.CreateAsync(new ParquetSchema(fields), stream);
        using var group = writer.CreateRowGroup();
        for (var column = 0; column < fields.Length; column++)
        {
            await group.WriteAsync<float>(fields[column], columns[column].Select(value => (float?)value).ToArray().AsMemory());
        }
    }

    private static IEnumerable<string> Names() => Enumerable.Range(0, Columns).Select(column => $"c{column}");

    public void Dispose() => Directory.Delete(_path, recursive: true);

    private string In(string name) => Path.Combine(_path, name);
}
