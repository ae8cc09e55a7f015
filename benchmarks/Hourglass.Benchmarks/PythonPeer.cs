using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Hourglass.Benchmarks;

/// <summary>A Python process that prepares once and then does a piece of work each time it is told to, so that runs interleave.</summary>
/// <remarks>Python/*.py: prints "ready", the library that multiplies, and then for each line it reads, the seconds that a piece took.</remarks>
internal sealed class PythonPeer : IDisposable
{
    private const string Interpreter = "/usr/bin/python3";
    private static readonly Dictionary<string, string?> Known = new(StringComparer.Ordinal);
    private readonly Process _process;

    private PythonPeer(string name, string script, object settings, int threads)
    {
        var start = new ProcessStartInfo(Interpreter, [Path.Combine(AppContext.BaseDirectory, "Python", script), JsonSerializer.Serialize(settings)])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach (var variable in new[] { "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS" })
        {
            start.Environment[variable] = threads.ToString(CultureInfo.InvariantCulture);
        }

        _process = Process.Start(start)!;
        Known[$"{name}'s BLAS"] = Answer()["ready ".Length..];
    }

    /// <summary>Packages that took part, with their versions.</summary>
    public static IReadOnlyDictionary<string, string> Versions => Known.Where(entry => entry.Value is not null).ToDictionary(entry => entry.Key, entry => entry.Value!, StringComparer.Ordinal);

    /// <summary>Packages whose rows are left out.</summary>
    public static IReadOnlyList<string> Absent => [.. Known.Where(entry => entry.Value is null).Select(entry => $"{entry.Key}, which {Interpreter} does not import")];

    /// <summary>A peer in PyTorch; none where it does not answer.</summary>
    /// <param name="settings">What to do, as Python/pytorch.py reads it.</param>
    /// <param name="threads">Threads of its products.</param>
    /// <param name="units">Units of work in a piece.</param>
    /// <param name="floor">The least ratio.</param>
    public static Peers PyTorch(object settings, int threads, double units, double floor) => Start("PyTorch", "torch", "pytorch.py", settings, threads, units, floor);

    /// <summary>A peer in scikit-learn; none where it does not answer.</summary>
    public static Peers ScikitLearn(object settings, int threads, double units, double floor) => Start("scikit-learn", "sklearn", "scikit_learn.py", settings, threads, units, floor);

    public void Dispose()
    {
        _process.StandardInput.Close(); // the end of its input is the end of its work
        _process.WaitForExit();
        _process.Dispose();
    }

    private static Peers Start(string name, string package, string script, object settings, int threads, double units, double floor)
    {
        if (!Known.TryGetValue(name, out var version))
        {
            Known[name] = version = Version(package);
        }

        if (version is null)
        {
            return new Peers([], []);
        }

        var peer = new PythonPeer(name, script, settings, threads);
        return new Peers([new SpeedPeer(name, floor, () => units / peer.Piece())], [peer]);
    }

    private static string? Version(string package)
    {
        if (!File.Exists(Interpreter))
        {
            return null;
        }

        using var process = Process.Start(new ProcessStartInfo(Interpreter, ["-c", $"import {package}; print({package}.__version__)"]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output.Trim() : null;
    }

    private double Piece()
    {
        _process.StandardInput.WriteLine("go");
        return double.Parse(Answer(), CultureInfo.InvariantCulture);
    }

    private string Answer() => _process.StandardOutput.ReadLine() ?? throw new HourglassException("A Python peer ended before its work was done; its message stands above.");
}
