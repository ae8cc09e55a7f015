using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace Hourglass.Engine;

/// <summary>What this machine has, for people and for bug reports.</summary>
/// <param name="Hourglass">Version of this library.</param>
/// <param name="Engine">Binding and engine with versions.</param>
/// <param name="EngineFault">Why the engine does not load; null when it does.</param>
/// <param name="Mended">The mended copy of the native library and why; null where nothing had to be mended.</param>
/// <param name="Convolutions">What was wrong with the engine's convolutions and what was done; null where they are right, or nothing loads.</param>
/// <param name="Threads">Threads that the engine uses.</param>
/// <param name="Processors">Processors of the machine.</param>
/// <param name="VectorBits">Widest vectors that the processor computes with.</param>
/// <param name="Gpu">CUDA devices, in words.</param>
/// <param name="MemoryGigabytes">Memory that this process may use.</param>
/// <param name="DotNet">The runtime.</param>
/// <param name="OperatingSystem">The system.</param>
public sealed record EngineReport(
    string Hourglass, string Engine, string? EngineFault, string? Mended, string? Convolutions, int Threads, int Processors, int VectorBits, string Gpu, double MemoryGigabytes, string DotNet, string OperatingSystem)
{
    /// <summary>Loads the engine and looks.</summary>
    public static EngineReport Create()
    {
        string? fault = null;
        string? convolutions = null;
        try
        {
            NativeEngine.Require();
            convolutions = EngineConvolutions.Mended;
        }
        catch (HourglassException exception)
        {
            fault = exception.Message;
        }

        var versions = EngineVersions.Current;
        return new EngineReport(
            versions.Hourglass, $"TorchSharp {versions.TorchSharp}, libtorch {versions.LibTorch}", fault,
            NativeEngine.MendedCopy is { } copy ? $"{LibraryMend.Version} marked weak, because this system's libstdc++ is older; copy in {copy}" : null,
            convolutions, fault is null ? get_num_threads() : 0, Environment.ProcessorCount, Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128,
            fault is null && cuda.is_available() ? $"{cuda.device_count()} CUDA device(s)" : "none (CUDA needs TorchSharp's CUDA package)",
            Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9, 1), RuntimeInformation.FrameworkDescription, RuntimeInformation.OSDescription);
    }

    /// <summary>The same as rows.</summary>
    public IEnumerable<(string Name, string Value)> Rows() =>
    [
        ("Hourglass", Hourglass), ("engine", Engine), ("engine loads", EngineFault ?? "yes"), ("mended", Mended ?? "nothing"), ("convolutions", Convolutions ?? (EngineFault is null ? "right" : "not tried")),
        ("threads", Threads.ToString(CultureInfo.InvariantCulture)),
        ("processors", Processors.ToString(CultureInfo.InvariantCulture)), ("vector width", $"{VectorBits} bits"), ("GPU", Gpu), ("memory", $"{MemoryGigabytes.ToString(CultureInfo.InvariantCulture)} GB"),
        (".NET", DotNet), ("system", OperatingSystem),
    ];
}
