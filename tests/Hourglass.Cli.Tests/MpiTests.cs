using System.Diagnostics;
using System.Globalization;
using Hourglass.Data.Output;

namespace Hourglass.Cli.Tests;

/// <summary>Training over processes that a launcher starts; skipped by name where there is none.</summary>
public sealed class MpiTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public MpiTests() => File.WriteAllText(Path.Combine(_folder, "rows.csv"), Rows(420));

    public static TheoryData<string> Families => ["openmpi", "mpich"];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Rows(int count) => "a,b,c,d\n" + string.Join('\n', Enumerable.Range(0, count).Select(row => FormattableString.Invariant($"{Math.Sin(row):0.000},{Math.Cos(row * 1.7):0.000},{row * 37 % 101 / 10.0},{Math.Sin(row) * Math.Cos(row):0.0000}"))) + "\n";

    private static string[] Train(int batch, string name, params string[] more) =>
        ["train", "rows.csv", "--epochs", "2", "--batch-size", $"{batch}", "--bottleneck", "gaussian", "--corruption", "masking:0.1", "--hidden", "16", "--report", "none", "--out", name, .. more];

    private Task<float[]> Alone(MpiJob job) => Alone(job, Train(64, "alone.hourglass"));

    private async Task<float[]> Alone(MpiJob job, string[] train)
    {
        var back = Environment.CurrentDirectory;
        try
        {
            Environment.CurrentDirectory = _folder;
            Assert.Equal(0, await CommandLine.RunAsync(train, TextWriter.Null, TextWriter.Null, isTerminal: false));
        }
        finally
        {
            Environment.CurrentDirectory = back;
        }

        return job.Weights("alone.hourglass");
    }

    [Theory, MemberData(nameof(Families))]
    public async Task Two_and_four_processes_train_the_model_that_one_trains_with_their_batches_together(string family)
    {
        MpiJob.Require(family);
        var job = new MpiJob(family, _folder);
        var alone = await Alone(job);
        foreach (var ranks in new[] { 2, 4 })
        {
            var (code, text) = job.Run(ranks, Train(64 / ranks, $"{ranks}.hourglass"));
            Assert.True(code == 0, text);
            Assert.Contains($"{ranks} ranks", text, StringComparison.Ordinal);
            Assert.Single(text.Split('\n'), line => line.StartsWith("Engine:", StringComparison.Ordinal));
            Near(alone, job.Weights($"{ranks}.hourglass"));
        }
    }

    // Rows enough for a block of the file for each of four.
    [Theory]
    [InlineData("openmpi", 2)]
    [InlineData("mpich", 4)]
    public async Task Windows_of_rows_train_the_model_that_one_process_trains(string family, int ranks)
    {
        MpiJob.Require(family);
        File.WriteAllText(Path.Combine(_folder, "rows.csv"), Rows(150_000));
        var job = new MpiJob(family, _folder);
        string[] windows = ["--window", "60:50", "--network", "dense", "--no-cache"];
        var alone = await Alone(job, Train(64, "alone.hourglass", windows));
        var (code, text) = job.Run(ranks, Train(64 / ranks, "many.hourglass", windows));
        Assert.True(code == 0, text);
        Near(alone, job.Weights("many.hourglass"));
    }

    [Theory, MemberData(nameof(Families))]
    public void A_rank_that_dies_ends_the_job_and_the_same_command_goes_on_to_the_same_bits(string family)
    {
        MpiJob.Require(family);
        var job = new MpiJob(family, _folder);
        string[] Long(string name) => [.. Train(16, name).Select(word => word == "2" ? "120" : word), "--patience", "0", "--resume"];
        Assert.Equal(0, job.Run(2, Long("unbroken.hourglass")).ExitCode);
        using (var process = job.Start(2, Long("killed.hourglass")))
        {
            var checkpoint = Path.Combine(_folder, "killed.hourglass.checkpoint");
            while (!File.Exists(checkpoint) && !process.HasExited)
            {
                Thread.Sleep(5);
            }

            Kill(rank: 1, "killed.hourglass");
            Assert.NotEqual(0, MpiJob.End(process).ExitCode);
        }

        Assert.False(File.Exists(Path.Combine(_folder, "killed.hourglass")));
        var (code, text) = job.Run(2, Long("killed.hourglass"));
        Assert.True(code == 0, text);
        Assert.Equal(job.Weights("unbroken.hourglass"), job.Weights("killed.hourglass"));
    }

    [Theory]
    [InlineData("openmpi", "data")]
    [InlineData("mpich", "options")]
    public void Ranks_with_other_data_or_options_are_refused_with_a_reason(string family, string what)
    {
        MpiJob.Require(family);
        File.WriteAllText(Path.Combine(_folder, "other.csv"), Rows(421));
        var command = Train(32, "x.hourglass");
        string[] other = what == "data" ? [.. command.Select(word => word == "rows.csv" ? "other.csv" : word)] : [.. command, "--latent", "3"];
        var (code, text) = new MpiJob(family, _folder).Run(2, command, other);
        Assert.NotEqual(0, code);
        Assert.Contains($"do not have the same {what}", Assert.Single(text.Split('\n'), line => line.Contains("hourglass train:", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder, "x.hourglass")));
    }

    [Theory]
    [InlineData("openmpi", "mpich", "libmpich.so.12", "Open MPI's launcher started 2 processes")]
    [InlineData("mpich", "openmpi", "libmpi.so.40", "MPICH's launcher started 2 processes")]
    public void A_launcher_of_another_family_than_the_library_is_refused_with_a_reason(string family, string other, string library, string reason)
    {
        MpiJob.Require(family);
        MpiJob.Require(other);
        var (code, text) = new MpiJob(family, _folder) { Library = library }.Run(2, Train(32, "x.hourglass"));
        Assert.NotEqual(0, code);
        Assert.Contains(reason, text, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Families))]
    public async Task Two_network_namespaces_with_their_own_addresses_train_the_same_model(string family)
    {
        MpiJob.Require(family);
        using var network = TwoNetworks.Create(_folder);
        var job = new MpiJob(family, _folder) { Before = network.Inside, Arguments = network.Launcher(family) };
        var (code, text) = job.Run(2, Train(32, "networks.hourglass"));
        Assert.True(code == 0, text);
        Assert.Contains("2 ranks", text, StringComparison.Ordinal);
        Near(await Alone(job), job.Weights("networks.hourglass"));
    }

    [Theory, MemberData(nameof(Families))]
    public async Task A_machine_that_does_not_see_the_samples_of_rank_zero_is_given_a_copy(string family)
    {
        MpiJob.Require(family);
        var temporary = Path.Combine(Path.GetTempPath(), $"hourglass-{Environment.UserName}");
        Directory.CreateDirectory(temporary);
        using var network = TwoNetworks.Create(_folder, hidden: temporary);
        var job = new MpiJob(family, _folder) { Before = network.Inside, Arguments = network.Launcher(family) };
        var (code, text) = job.Run(2, Train(32, "copied.hourglass"));
        Assert.True(code == 0, text);
        Near(await Alone(job), job.Weights("copied.hourglass"));
    }

    [Theory]
    [InlineData("openmpi", "score")]
    [InlineData("mpich", "encode")]
    [InlineData("openmpi", "reconstruct")]
    [InlineData("mpich", "reconstruct", "--corrupted")]
    public async Task Three_ranks_score_encode_and_reconstruct_to_the_bytes_of_one_process(string family, string verb, params string[] more)
    {
        MpiJob.Require(family);
        var job = new MpiJob(family, _folder);
        await Alone(job);
        File.WriteAllText(Path.Combine(_folder, "many.csv"), Rows(30_000)); // several blocks for each rank
        string[] Command(string name) => [verb, Path.Combine(_folder, "alone.hourglass"), Path.Combine(_folder, "many.csv"), "--out", Path.Combine(_folder, name), .. more];
        Assert.Equal(0, await CommandLine.RunAsync(Command("one.csv"), TextWriter.Null, TextWriter.Null, isTerminal: false));
        var (code, text) = job.Run(3, Command("three.csv"));
        Assert.True(code == 0, text);
        Assert.Equal(File.ReadAllBytes(Path.Combine(_folder, "one.csv")), File.ReadAllBytes(Path.Combine(_folder, "three.csv")));
    }

    [Theory]
    [InlineData("openmpi", 2)]
    [InlineData("mpich", 4)]
    public async Task Pictures_are_decoded_by_all_ranks_and_encoded_to_the_bytes_of_one_process(string family, int ranks)
    {
        MpiJob.Require(family);
        var (job, pictures) = (new MpiJob(family, _folder), Path.Combine(_folder, "pictures"));
        for (var number = 0; number < 61; number++)
        {
            PictureFile.Write(Path.Combine(pictures, $"{number}.png"), [.. Enumerable.Range(0, 64).Select(place => (float)Math.Abs(Math.Sin((number * 3) + place)))], 1, 8, 8);
        }

        string[] Encode(string name) => ["encode", Path.Combine(_folder, "model.hourglass"), pictures, "--out", Path.Combine(_folder, name), "--no-cache"];
        Assert.Equal(0, await CommandLine.RunAsync(["train", pictures, "--epochs", "1", "--latent", "4", "--report", "none", "--out", Path.Combine(_folder, "model.hourglass")], TextWriter.Null, TextWriter.Null, isTerminal: false));
        Assert.Equal(0, await CommandLine.RunAsync(Encode("one.npy"), TextWriter.Null, TextWriter.Null, isTerminal: false));
        var (code, text) = job.Run(ranks, Encode("many.npy"));
        Assert.True(code == 0, text);
        Assert.Equal(File.ReadAllBytes(Path.Combine(_folder, "one.npy")), File.ReadAllBytes(Path.Combine(_folder, "many.npy")));
    }

    // A value that only the last rank reads is at fault: one process and ranks end with one code, and say it once.
    [Theory]
    [InlineData("openmpi", 4)]
    [InlineData("mpich", 2)]
    public async Task Arrays_are_read_by_all_ranks_and_a_fault_of_one_ends_the_job_with_one_message(string family, int ranks)
    {
        MpiJob.Require(family);
        float[] values = [.. Enumerable.Range(0, 5000 * 8).Select(place => MathF.Sin(place * 1.3f) * (1 + (place % 8)))];
        var (job, rows, model) = (new MpiJob(family, _folder), Path.Combine(_folder, "rows.npy"), Path.Combine(_folder, "model.hourglass"));
        void Write() => ResultWriter.Write(rows, new NumberTable { Columns = [.. "abcdefgh".Select(letter => $"{letter}")], Count = 5000, Blocks = [values] });
        string[] Encode(string name) => ["encode", model, rows, "--out", Path.Combine(_folder, name), "--no-cache"];
        Write();
        Assert.Equal(0, await CommandLine.RunAsync(["train", rows, "--epochs", "1", "--latent", "2", "--report", "none", "--out", model], TextWriter.Null, TextWriter.Null, isTerminal: false));
        Assert.Equal(0, await CommandLine.RunAsync(Encode("one.npy"), TextWriter.Null, TextWriter.Null, isTerminal: false));
        var (code, text) = job.Run(ranks, Encode("many.npy"));
        Assert.True(code == 0, text);
        Assert.Equal(File.ReadAllBytes(Path.Combine(_folder, "one.npy")), File.ReadAllBytes(Path.Combine(_folder, "many.npy")));
        values[(4990 * 8) + 5] = float.NaN;
        Write();
        var alone = await CommandLine.RunAsync(Encode("bad.npy"), TextWriter.Null, TextWriter.Null, isTerminal: false);
        (code, text) = job.Run(ranks, Encode("bad.npy"));
        Assert.Equal(alone, code);
        Assert.Contains($"rank {ranks - 1} of {ranks}: {rows}: sample 4990, value 5 is NaN", Assert.Single(text.Split('\n'), line => line.Contains("hourglass encode:", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder, "bad.npy")));
    }

    // Memory that ranks share and messages add up in one order, whatever the launcher.
    [Theory, MemberData(nameof(Families))]
    public void Three_ranks_train_to_the_same_bits_whether_they_share_memory_or_send_messages(string family)
    {
        MpiJob.Require(family);
        var (shared, told) = (new MpiJob(family, _folder), new MpiJob(family, _folder) { SharesMemory = false });
        foreach (var (job, name) in new[] { (shared, "shared.hourglass"), (told, "told.hourglass") })
        {
            var (code, text) = job.Run(3, Train(16, name));
            Assert.True(code == 0, text);
        }

        Assert.Equal(shared.Weights("told.hourglass"), shared.Weights("shared.hourglass"));
    }

    [Theory, MemberData(nameof(Families))]
    public void A_command_that_ranks_cannot_share_is_refused_once_with_a_reason(string family)
    {
        MpiJob.Require(family);
        var (code, text) = new MpiJob(family, _folder).Run(2, ["detect", "train", "rows.csv"]);
        Assert.NotEqual(0, code);
        Assert.Contains("does not share its work among ranks: each of the 2 processes", Assert.Single(text.Split('\n'), line => line.StartsWith("hourglass", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal(["rows.csv"], Directory.GetFiles(_folder).Select(path => Path.GetFileName(path)));
    }

    private static void Near(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var scale = expected.Max(Math.Abs);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-3 * scale));
    }

    // The process of a rank is known by what its launcher told it.
    private static void Kill(int rank, string model)
    {
        foreach (var entry in Directory.GetDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(entry), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && IsRank(entry, rank, model))
            {
                using var process = Process.GetProcessById(number);
                process.Kill();
                return;
            }
        }

        Assert.Fail($"No process of rank {rank} was found.");
    }

    private static bool IsRank(string entry, int rank, string model)
    {
        try
        {
            var environment = File.ReadAllText(Path.Combine(entry, "environ")).Split('\0');
            return File.ReadAllText(Path.Combine(entry, "cmdline")) is var command && command.StartsWith("dotnet", StringComparison.Ordinal) && command.Contains(model, StringComparison.Ordinal)
                && (environment.Contains($"OMPI_COMM_WORLD_RANK={rank}") || environment.Contains($"PMI_RANK={rank}"));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false; // another user's, or gone
        }
    }
}
