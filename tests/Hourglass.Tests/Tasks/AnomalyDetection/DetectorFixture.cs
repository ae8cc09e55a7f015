using System.Globalization;
using Hourglass.Data;
using Hourglass.Tasks.AnomalyDetection;

namespace Hourglass.Tests.Tasks.AnomalyDetection;

/// <summary>A detector of rows whose columns belong together, fitted once.</summary>
public sealed class DetectorFixture : IDisposable
{
    public AnomalyDetector Detector { get; } = Fit();

    public void Dispose() => Detector.Dispose();

    public static AnomalyDetector Fit()
    {
        var folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            return AnomalyDetector.Fit(new DetectRequest { Data = Table(Path.Combine(folder, "normal.csv"), 800, 1), Read = new ReadOptions { Label = "y" }, Detector = new DetectorOptions { Steps = 300 } });
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Six numbers from three hidden ones, and a category that follows the first; faults are planted where asked.</summary>
    public static string Table(string path, int rows, int seed, Action<double[], int>? fault = null)
    {
        var random = new Random(seed);
        double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        var text = new System.Text.StringBuilder("a,b,c,d,e,f,kind,y\n");
        for (var row = 0; row < rows; row++)
        {
            var (p, q, r) = (Normal(), Normal(), Normal());
            double[] values = [p + (0.2 * Normal()), q + (0.2 * Normal()), 1000 + (50 * (p + q)) + (10 * Normal()), Math.Exp(r + (0.2 * Normal())), r - p + (0.2 * Normal()), q + r + (0.2 * Normal()), p > 0 ? 0 : 1];
            fault?.Invoke(values, row);
            text.Append(string.Join(',', values.Take(6).Select(value => value.ToString("0.#####", CultureInfo.InvariantCulture)))).Append(CultureInfo.InvariantCulture, $",{(values[6] == 0 ? "red" : "blue")},{(fault is null ? 0 : 1)}\n");
        }

        File.WriteAllText(path, text.ToString());
        return path;
    }
}
