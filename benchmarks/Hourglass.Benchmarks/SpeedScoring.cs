using Hourglass.Bundles;
using Hourglass.Data;
using Hourglass.Data.Output;
using Hourglass.Networks.Dense;
using Hourglass.Preprocessing;
using Hourglass.Scoring;
using Hourglass.Tasks;
using Hourglass.Training;
using Microsoft.ML.OnnxRuntime;
using Parquet;
using Parquet.Schema;

namespace Hourglass.Benchmarks;

/// <summary>Scores of a million rows, from a Parquet file to a file of scores; the peer starts from prepared samples in memory and ends there.</summary>
internal static class SpeedScoring
{
    private const int Rows = 1_000_000;
    private const int Columns = 30;
    private static readonly int[] PeerBatches = [256, 1024, 8192];

    public static IEnumerable<SpeedWork> Works() => new[] { 2, 1 }.Select(threads => new SpeedWork($"score {Rows} x {Columns} from Parquet to disk, {threads} thread{(threads == 1 ? "" : "s")}", threads, () => Prepare(threads)));

    private static SpeedContest Prepare(int threads)
    {
        var folder = new Folder();
        var (model, rows) = (folder.In("model.hourglass"), folder.In("rows.parquet"));
        WriteCsv(folder.In("train.csv"), Draw(2000));
        TrainTask.Run(new TrainRequest
        {
            Data = folder.In("train.csv"),
            Out = model,
            Options = new AutoencoderOptions { LatentSize = 16, Network = new DenseNetworkOptions { Hidden = [64] }, Training = new TrainingOptions { Epochs = 1 } },
        }).Dispose();
        WriteParquetAsync(rows, Draw(Rows)).GetAwaiter().GetResult();
        var peer = new OnnxPeer(model, rows, threads);
        var ours = Score(model, rows, folder.In("scores.npy"), threads);
        var theirs = peer.Score(PeerBatches[0]);
        if (!(Math.Abs(ours - theirs) < 1e-4 * theirs))
        {
            throw new InvalidOperationException($"The mean score is {ours}, the peer's {theirs}.");
        }

        var fastest = PeerBatches.MinBy(batch =>
        {
            var clock = System.Diagnostics.Stopwatch.StartNew();
            peer.Score(batch);
            return clock.Elapsed;
        });
        return new SpeedContest(
            "samples/s", SpeedContest.Rate(Rows, () => Score(model, rows, folder.In("scores.npy"), threads)),
            [new SpeedPeer($"ONNX Runtime, {fastest}", 1, SpeedContest.Rate(Rows, () => peer.Score(fastest)))], folder, peer);
    }

    // What hourglass score does.
    private static double Score(string path, string rows, string scores, int threads)
    {
        var contents = BundleFile.Read(path);
        using var model = DenseReconstructor.TryCreate(contents, path, out _, threads)!;
        using var samples = DataFile.Stream(rows, new ReadOptions(), BundleJson.Deserialize<SamplePreprocessing>(contents.Preprocessing, path), threads)!;
        var summary = new ScoreSummary(10);
        ResultWriter.Write(scores, new NumberTable
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

    private sealed class Folder : IDisposable
    {
        private readonly string _path = Directory.CreateTempSubdirectory().FullName;

        public string In(string name) => Path.Combine(_path, name);

        public void Dispose() => Directory.Delete(_path, recursive: true);
    }

    // ONNX Runtime with the same network and the same samples, already prepared and in memory.
    private sealed class OnnxPeer : IDisposable
    {
        private readonly float[] _samples;
        private readonly InferenceSession _session;

        public OnnxPeer(string path, string rows, int threads)
        {
            var contents = BundleFile.Read(path);
            using (var data = DataFile.Apply(rows, new ReadOptions(), BundleJson.Deserialize<SamplePreprocessing>(contents.Preprocessing, path)))
            {
                _samples = new float[data.Samples.Count * Columns];
                data.Samples.Read(0, Rows, _samples);
            }

            var maps = new[] { "_encoder._layers._linears.0", "_bottleneck._projection", "_decoder._layers._linears.0", "_decoder._output" };
            using var options = new SessionOptions { IntraOpNumThreads = threads, InterOpNumThreads = 1, GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL };
            _session = new InferenceSession(OnnxBytes.Scorer([.. maps.Select(name => (contents.Weights[name + ".weight"].Floats, contents.Weights[name + ".bias"].Floats))], "Relu", latentMap: 1), options);
        }

        public double Score(int batch)
        {
            using var run = new RunOptions();
            var sum = 0.0;
            for (var first = 0; first < Rows; first += batch)
            {
                var count = Math.Min(batch, Rows - first);
                using var input = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, _samples.AsMemory(first * Columns, count * Columns), [count, Columns]);
                using var outputs = _session.Run(run, ["x"], [input], ["score"]);
                foreach (var score in outputs[0].GetTensorDataAsSpan<float>())
                {
                    sum += score;
                }
            }

            return sum / Rows;
        }

        public void Dispose() => _session.Dispose();
    }
}
