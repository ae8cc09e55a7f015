using Hourglass.Data;
using Hourglass.Data.Output;
using Hourglass.Detection;
using Hourglass.Detection.Terms;
using Hourglass.Networks.Dense;
using Hourglass.Preprocessing;
using Hourglass.Tasks.AnomalyDetection;

namespace Hourglass.Tests.Tasks.AnomalyDetection;

/// <summary>Rivals against scikit-learn 1.2.1 with numpy 1.24 (Python 3.11).</summary>
/// <remarks><code>
/// def rows(n):
///     r = np.empty((n, 4))
///     for i in range(n):
///         for j in range(4): r[i, j] = (i * (31 + 17 * j) % 101) / 50.0 - 1
///         r[i, 3] = r[i, 0] + 0.5 * r[i, 1] + 0.1 * r[i, 3]
///     return r
/// X = rows(100); Q = np.array([[0,0,0,0],[1,1,1,1.5],[1,-1,0.5,-1],[3,0,0,3],[-0.5,0.25,-2,0],[0.1,0.2,0.3,4]], float)
/// NearestNeighbors(n_neighbors=5).fit(X).kneighbors(Q)[0].mean(1)
/// p = PCA(2, svd_solver='full').fit(X); ((Q - p.inverse_transform(p.transform(Q))) ** 2).sum(1)
/// np.mean([-IsolationForest(n_estimators=500, max_samples=64, random_state=s).fit(X).score_samples(Q) for s in range(5)], 0)
/// </code></remarks>
public sealed class RivalTests : IDisposable
{
    private static readonly float[] Queries = [0, 0, 0, 0, 1, 1, 1, 1.5f, 1, -1, 0.5f, -1, 3, 0, 0, 3, -0.5f, 0.25f, -2, 0, 0.1f, 0.2f, 0.3f, 4];
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private double[] Scores(TermRecord rival)
    {
        var path = Path.Combine(_folder, "rows.npy");
        ResultWriter.Write(path, new ResultTable
        {
            Columns = ["a", "b", "c", "d"],
            IsText = new bool[4],
            Rows = Enumerable.Range(0, 100).Select(row =>
            {
                double[] values = [.. Enumerable.Range(0, 4).Select(column => (row * (31 + (17 * column)) % 101 / 50.0) - 1)];
                values[3] = values[0] + (0.5 * values[1]) + (0.1 * values[3]);
                return values.Select(value => new Cell(value, null)).ToArray();
            }),
        });
        using var read = DataFile.Prepare(path, new ReadOptions(), new PreparationOptions { Validation = 0, Scaling = Scaling.None });
        using var data = new PreparedData { Samples = read.Samples, Preprocessing = read.Preprocessing, Description = read.Description, Split = new SampleSplit(read.Split.Training, read.Split.Training) };
        using var detector = AnomalyDetector.Fit(data, new DetectorOptions
        {
            Member = new() { LatentSize = 2, Network = new DenseNetworkOptions { Hidden = [] } },
            Members = 1,
            Steps = 1,
            Rules = [new("rival", [rival])],
        });
        var unit = detector.Detector.Rule.Terms[0].Record.Unit;
        return [.. detector.Detector.Score(Queries).Select(score => score * unit)];
    }

    private static void Near(double[] expected, double[] actual, double tolerance)
    {
        for (var place = 0; place < expected.Length; place++)
        {
            Assert.Equal(expected[place], actual[place], tolerance);
        }
    }

    [Fact]
    public void Mean_distances_to_five_neighbours_are_those_of_scikit_learn() =>
        Near([0.318478, 0.774383, 1.214623, 2.904315, 1.295062, 3.000832], Scores(new NeighbourRecord { Neighbours = 5 }), 2e-6);

    // The term is the root of the mean over the values; the reference is the sum of squares.
    [Fact]
    public void Reconstruction_errors_of_two_components_are_those_of_scikit_learn() =>
        Near([8e-06, 0.998426, 1.417033, 0.996906, 1.15482, 6.410833], [.. Scores(new ReconstructionRecord { Source = ReconstructionSource.Pca, IsPlain = true }).Select(score => score * score * 4)], 1e-5);

    // Cuts are drawn at random: 1,000 trees leave a standard deviation of about 0.003.
    [Fact]
    public void An_isolation_forest_scores_as_that_of_scikit_learn() =>
        Near([0.448, 0.647, 0.599, 0.568, 0.523, 0.53], Scores(new IsolationRecord { Trees = 1000, Samples = 64 }), 0.012);

    [Fact]
    public void Neighbours_found_by_products_are_those_found_by_differences()
    {
        var random = new Random(3);
        float[] rows = [.. Enumerable.Range(0, 5000 * 7).Select(_ => (float)random.NextDouble() * 100)];
        float[] queries = [.. Enumerable.Range(0, 90 * 7).Select(_ => (float)random.NextDouble() * 100)];
        var found = new NeighbourSearch(rows, 7).Nearest(queries, 4);
        for (var query = 0; query < 90; query++)
        {
            var expected = Enumerable.Range(0, 5000).Select(row => Math.Sqrt(Enumerable.Range(0, 7).Sum(value => Math.Pow(queries[(query * 7) + value] - rows[(row * 7) + value], 2)))).Order().Take(4).ToArray();
            Near(expected, [.. found.AsSpan(query * 4, 4).ToArray().Select(neighbour => neighbour.Distance)], 1e-4);
        }
    }
}
