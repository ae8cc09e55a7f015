using System.Diagnostics;
using System.IO.Compression;

namespace Hourglass.Cli.Tests;

public sealed class KillTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Process Train(string name)
    {
        var info = new ProcessStartInfo("dotnet") { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false };
        foreach (var argument in new[]
        {
            Path.Combine(AppContext.BaseDirectory, "Hourglass.Cli.dll"), "train", Path.Combine(_folder, "rows.csv"), "--epochs", "200", "--patience", "0", "--bottleneck", "gaussian", "--hidden", "64",
            "--corruption", "masking:0.1", "--batch-size", "32", "--out", Path.Combine(_folder, name), "--report", "none", "--resume",
        })
        {
            info.ArgumentList.Add(argument);
        }

        return Process.Start(info)!;
    }

    private byte[] Finish(string name)
    {
        using var process = Train(name);
        _ = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error);
        using var zip = ZipFile.OpenRead(Path.Combine(_folder, name));
        using var weights = zip.GetEntry("weights.safetensors")!.Open();
        using var memory = new MemoryStream();
        weights.CopyTo(memory);
        return memory.ToArray();
    }

    [Fact]
    public void Twenty_killed_and_resumed_runs_end_in_the_weights_of_an_unbroken_one()
    {
        var random = new Random();
        File.WriteAllText(Path.Combine(_folder, "rows.csv"), "a,b,c\n" + string.Join('\n', Enumerable.Range(0, 1500).Select(row => FormattableString.Invariant($"{Math.Sin(row):0.000},{Math.Cos(row * 1.7):0.000},{row * 37 % 101 / 10.0}"))) + "\n");
        var clock = Stopwatch.StartNew();
        var unbroken = Finish("unbroken.hourglass");
        var length = (int)clock.ElapsedMilliseconds;
        for (var round = 0; round < 20; round++)
        {
            using (var process = Train($"killed{round}.hourglass"))
            {
                Thread.Sleep(random.Next(length / 3, length));
                process.Kill();
                process.WaitForExit();
            }

            Assert.Equal(unbroken, Finish($"killed{round}.hourglass"));
        }
    }
}
