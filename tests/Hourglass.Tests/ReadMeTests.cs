using Hourglass.Data;
using Hourglass.Tasks;

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
    public void The_code_in_README_is_the_code_that_runs()
    {
        var lines = File.ReadAllLines(Path.Combine(Snapshot.Here(), "ReadMeTests.cs"));
        var body = lines.SkipWhile(line => !line.Contains("// snippet: quick-start", StringComparison.Ordinal)).Skip(1).TakeWhile(line => !line.Contains("// end", StringComparison.Ordinal)).Select(line => line.Length > 8 ? line[8..] : "");
        Assert.Contains(string.Join('\n', body), File.ReadAllText(Path.Combine(Snapshot.Here(), "..", "..", "README.md")).ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }
}
