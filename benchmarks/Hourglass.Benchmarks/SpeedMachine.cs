using System.Runtime.InteropServices;
using Hourglass.Kernels;

namespace Hourglass.Benchmarks;

/// <summary>What the figures were measured on and with.</summary>
internal static class SpeedMachine
{
    /// <summary>Processor, count and vector width.</summary>
    public static string Processor => $"{Model()}, {Environment.ProcessorCount} processors, {DenseKernels.Widest.Bits}-bit vectors, {RuntimeInformation.OSDescription.Trim()}";

    /// <summary>Versions of everything that took part.</summary>
    public static IReadOnlyDictionary<string, string> Versions()
    {
        var versions = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [".NET"] = Environment.Version.ToString(),
            ["TorchSharp"] = typeof(TorchSharp.torch).Assembly.GetName().Version!.ToString(3),
            ["libtorch"] = TorchSharp.torch.__version__,
        };
        foreach (var (name, version) in PythonPeer.Versions)
        {
            versions[name] = version;
        }

        return versions;
    }

    private static string Model()
    {
        const string Information = "/proc/cpuinfo";
        var line = File.Exists(Information) ? File.ReadLines(Information).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line is null ? RuntimeInformation.ProcessArchitecture.ToString() : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
