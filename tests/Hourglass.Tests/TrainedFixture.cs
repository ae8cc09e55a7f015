using Hourglass.Networks.Dense;
using Hourglass.Tasks;
using Hourglass.Training;

namespace Hourglass.Tests;

/// <summary>One small trained model for tests that only need some.</summary>
public sealed class TrainedFixture : IDisposable
{
    public TrainedFixture()
    {
        Folder = Directory.CreateTempSubdirectory().FullName;
        Path = System.IO.Path.Combine(Folder, "model.hourglass");
        File.WriteAllText(System.IO.Path.Combine(Folder, "rows.csv"), Rows(300));
        Outcome = TrainTask.Run(new TrainRequest
        {
            Data = System.IO.Path.Combine(Folder, "rows.csv"),
            Out = Path,
            Options = new AutoencoderOptions { LatentSize = 2, Network = new DenseNetworkOptions { Hidden = [8], Normalization = Hourglass.Networks.Normalization.Batch }, Training = new TrainingOptions { Epochs = 4 } },
        });
    }

    public string Folder { get; }

    public string Path { get; }

    public TrainOutcome Outcome { get; }

    public static string Rows(int count)
    {
        var random = new Random(5);
        return "a,b,c,kind\n" + string.Join('\n', Enumerable.Range(0, count).Select(_ =>
        {
            var (x, y) = (random.NextDouble(), random.NextDouble());
            return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{x:0.0000},{y:0.0000},{x + (2 * y):0.0000},{(x > y ? "left" : "right")}");
        })) + "\n";
    }

    public void Dispose()
    {
        Outcome.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
