using Hourglass.Bundles;
using Hourglass.Data;
using Hourglass.Preprocessing;
using Microsoft.ML.OnnxRuntime;

namespace Hourglass.Benchmarks;

/// <summary>ONNX Runtime with the same network and the same samples, already prepared and in memory.</summary>
internal sealed class OnnxScorer : IDisposable
{
    private static readonly int[] Batches = [256, 1024, 8192];
    private readonly float[] _samples;
    private readonly InferenceSession _session;

    public OnnxScorer(string path, string rows, int threads)
    {
        var contents = BundleFile.Read(path);
        using (var data = DataFile.Apply(rows, new ReadOptions(), BundleJson.Deserialize<SamplePreprocessing>(contents.Preprocessing, path)))
        {
            _samples = new float[data.Samples.Count * ScoringScene.Columns];
            data.Samples.Read(0, ScoringScene.Rows, _samples);
        }

        var maps = new[] { "_encoder._layers._linears.0", "_bottleneck._projection", "_decoder._layers._linears.0", "_decoder._output" };
        using var options = new SessionOptions { IntraOpNumThreads = threads, InterOpNumThreads = 1, GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL };
        _session = new InferenceSession(OnnxBytes.Scorer([.. maps.Select(name => (contents.Weights[name + ".weight"].Floats, contents.Weights[name + ".bias"].Floats))], "Relu", latentMap: 1), options);
    }

    /// <summary>The size of its pieces that is the quickest.</summary>
    public int FastestBatch() => Batches.MinBy(batch =>
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Score(batch);
        return clock.Elapsed;
    });

    /// <summary>The mean score, piece by piece.</summary>
    public double Score(int batch)
    {
        using var run = new RunOptions();
        var sum = 0.0;
        for (var first = 0; first < ScoringScene.Rows; first += batch)
        {
            var count = Math.Min(batch, ScoringScene.Rows - first);
            using var input = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, _samples.AsMemory(first * ScoringScene.Columns, count * ScoringScene.Columns), [count, ScoringScene.Columns]);
            using var outputs = _session.Run(run, ["x"], [input], ["score"]);
            foreach (var score in outputs[0].GetTensorDataAsSpan<float>())
            {
                sum += score;
            }
        }

        return sum / ScoringScene.Rows;
    }

    public void Dispose() => _session.Dispose();
}
