using Hourglass.Data;
using Hourglass.Tasks;
using Hourglass.Tasks.AnomalyDetection;

namespace Hourglass.Tests;

/// <summary>README's code is the body of these tests.</summary>
public sealed class ReadMeTests(TrainedFixture fixture) : IClassFixture<TrainedFixture>
{
    [Fact]
    public void Quick_start_runs()
    {
        var folder = fixture.Folder;
        var rows = Path.Combine(folder, "rows.csv");
        var file = Path.Combine(folder, "quick.hourglass");
        // snippet: quick-start
        using var outcome = TrainTask.Run(new TrainRequest { Data = rows, Out = file });
        Console.WriteLine(outcome.Trained.Record.Comparison!.Advice);

        using var model = TrainedAutoencoder.Load(file);
        using var data = DataFile.Apply(rows, new ReadOptions(), model.Preprocessing);
        var samples = new float[data.Samples.Count * data.Samples.SampleLength];
        data.Samples.Read(0, (int)data.Samples.Count, samples);
        float[] latents = model.Encode(samples);        // the encoder alone, [sample, latent]
        float[] again = model.Decode(latents);          // the decoder alone, [sample, value]
        float[] scores = model.Score(samples);          // higher is more anomalous
        // end
        Assert.Equal(samples.Length, again.Length);
        Assert.Equal(data.Samples.Count, scores.Length);
    }

    [Fact]
    public void Anomaly_detection_runs()
    {
        var folder = fixture.Folder;
        var before = Directory.GetCurrentDirectory();
        var random = new Random(1);
        foreach (var name in new[] { "normal.csv", "new.csv" })
        {
            File.WriteAllLines(Path.Combine(folder, name), Enumerable.Range(0, 200).Select(_ => random.NextDouble()).Select(value => FormattableString.Invariant($"{value:0.###},{2 * value:0.###}")).Prepend("bytes_in,bytes_out"));
        }

        Directory.SetCurrentDirectory(folder);
        try
        {
            // snippet: anomalies
            using var detector = AnomalyDetector.Fit("normal.csv");
            double[] scores = detector.Score("new.csv");
            Console.WriteLine(detector.Explain("new.csv")[0].Summary(3));   // bytes_out 1,204,332, expected about 1,900; ...
            detector.Save("detector.hourglass");                            // Detector.Load reads it without a training engine
            // end
            Assert.Equal(200, scores.Length);
            using var loaded = Hourglass.Detection.Detector.Load("detector.hourglass");
            Assert.Equal(detector.Detector.Calibration.Threshold(), loaded.Calibration.Threshold());
        }
        finally
        {
            Directory.SetCurrentDirectory(before);
        }
    }

    [Theory]
    [InlineData("quick-start")]
    [InlineData("anomalies")]
    public void The_code_in_README_is_the_code_that_runs(string snippet)
    {
        var lines = File.ReadAllLines(Path.Combine(Snapshot.Here(), "ReadMeTests.cs"));
        var body = lines.SkipWhile(line => !line.Contains($"// snippet: {snippet}", StringComparison.Ordinal)).Skip(1).TakeWhile(line => !line.Contains("// end", StringComparison.Ordinal)).ToList();
        var indent = body.Where(line => line.Length > 0).Min(line => line.Length - line.TrimStart().Length);
        var code = string.Join('\n', body.Select(line => line.Length > indent ? line[indent..] : ""));
        Assert.Contains(code, File.ReadAllText(Path.Combine(Snapshot.Here(), "..", "..", "README.md")).ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }
}
