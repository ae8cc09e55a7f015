using Hourglass.Engine;
using static TorchSharp.torch;

namespace Hourglass.Training;

/// <summary>From the user's choice to a device.</summary>
internal static class EngineDevice
{
    /// <summary>The device for a choice.</summary>
    /// <exception cref="HourglassException">CUDA was asked for and does not answer.</exception>
    public static Device Resolve(DeviceChoice choice)
    {
        NativeEngine.Require();
        var hasCuda = choice != DeviceChoice.Cpu && cuda.is_available();
        if (choice == DeviceChoice.Cuda && !hasCuda)
        {
            throw new HourglassException(
                "--device cuda: no CUDA device answers. It needs an NVIDIA GPU with its driver, and TorchSharp's CUDA package (libtorch-cuda-12.8-linux-x64 or -win-x64) referenced instead of libtorch-cpu. Use --device cpu, or see docs/decisions/0002-dependencies.md.");
        }

        return hasCuda ? CUDA : CPU;
    }
}
