using System.Diagnostics;
using System.IO.Compression;
using System.Runtime.InteropServices;

namespace Hourglass.Cli.Tests;

/// <summary>The program started several times by an MPI launcher.</summary>
internal sealed record MpiJob(string Family, string Folder)
{
    private const int Patience = 180_000; // milliseconds, on a machine with much else to do

    /// <summary>What stands before the launcher's own arguments, for instance a network namespace to run in.</summary>
    public IReadOnlyList<string> Before { get; init; } = [];

    /// <summary>Further arguments of the launcher.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Library to take instead of the launcher's.</summary>
    public string? Library { get; init; }

    /// <summary>Whether ranks may add up in memory that they share.</summary>
    public bool SharesMemory { get; init; } = true;

    /// <summary>Skips the test where the launcher is not installed.</summary>
    public static void Require(string family) =>
        Assert.SkipUnless(IsOnPath($"mpirun.{family}"), $"mpirun.{family} is not on the path (Debian: {(family == "openmpi" ? "openmpi-bin" : "mpich")}).");

    public static bool IsOnPath(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, name)));

    /// <summary>Starts one command on so many processes; or each process's own, where there are several.</summary>
    public Process Start(int ranks, params string[][] commands)
    {
        List<string> words = [.. Before, $"mpirun.{Family}", .. Family == "openmpi" ? ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1"] : Array.Empty<string>(), .. Arguments];
        for (var number = 0; number < commands.Length; number++)
        {
            words.AddRange([.. number > 0 ? [":"] : Array.Empty<string>(), "-n", $"{(commands.Length == 1 ? ranks : 1)}", "dotnet", Path.Combine(AppContext.BaseDirectory, "Hourglass.Cli.dll"), .. commands[number]]);
        }

        var info = new ProcessStartInfo(words[0], words[1..]) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false, WorkingDirectory = Folder };
        info.Environment["TERM"] = "dumb";
        info.Environment["OMP_NUM_THREADS"] = "1";
        if (!SharesMemory)
        {
            info.Environment["HOURGLASS_SHARED_MEMORY"] = "0";
        }

        if (Library is not null)
        {
            info.Environment["HOURGLASS_MPI"] = Library;
        }

        return Process.Start(info)!;
    }

    /// <summary>Runs to the end.</summary>
    public (int ExitCode, string Text) Run(int ranks, params string[][] commands)
    {
        using var process = Start(ranks, commands);
        return End(process);
    }

    /// <summary>Waits for the end.</summary>
    public static (int ExitCode, string Text) End(Process process)
    {
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail("The job did not end.");
        }

        return (process.ExitCode, error.Result + output.Result);
    }

    /// <summary>All weights of a bundle.</summary>
    public float[] Weights(string name)
    {
        using var zip = ZipFile.OpenRead(Path.Combine(Folder, name));
        using var file = zip.GetEntry("weights.safetensors")!.Open();
        using var memory = new MemoryStream();
        file.CopyTo(memory);
        var bytes = memory.ToArray();
        return MemoryMarshal.Cast<byte, float>(bytes.AsSpan((int)BitConverter.ToInt64(bytes) + sizeof(long))).ToArray();
    }
}
