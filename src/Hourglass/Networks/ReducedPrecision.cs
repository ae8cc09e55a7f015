using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Hourglass.Engine;
using Hourglass.Networks.Recurrent;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hourglass.Networks;

/// <summary>Products in bfloat16 with float32 weights behind them, where the processor multiplies bfloat16 by itself.</summary>
/// <remarks>Activations stay bfloat16 from one product to the next (Micikevicius et al. 2018, https://arxiv.org/abs/1710.03740; Kalamkar et al. 2019, https://arxiv.org/abs/1905.12322);
/// normalisations compute in float32, and so does all that comes after <see cref="Full"/>: latents, objectives, penalties, gradients of weights, the optimiser.</remarks>
internal static class ReducedPrecision
{
    [ThreadStatic]
    private static bool s_isOn;

    /// <summary>Why a model is not trained with products in bfloat16 here; null when it is.</summary>
    public static string? Obstacle(AutoencoderOptions options, Device device) =>
        options.Network is RecurrentNetworkOptions ? "recurrent networks have no bfloat16 products"
        : device.type != TorchSharp.DeviceType.CPU || HasProcessor ? null
        : RuntimeInformation.ProcessArchitecture == Architecture.X64 ? "this processor has no bfloat16 products (avx512_bf16 or amx_bf16)"
        : $"it is not known whether this processor ({RuntimeInformation.ProcessArchitecture}) multiplies bfloat16";

    /// <summary>Whether the processor has AVX512-BF16 or AMX-BF16: the runtime has no class for either, so that leaf 7 of CPUID is asked.</summary>
    public static bool HasProcessor { get; } = X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= 7
        && ((X86Base.CpuId(7, 1).Eax >> 5 & 1) == 1 || (X86Base.CpuId(7, 0).Edx >> 22 & 1) == 1);

    /// <summary>Products on this thread run in bfloat16, if asked to, until the result is disposed of.</summary>
    public static Turn Use(bool isReduced)
    {
        s_isOn = isReduced;
        return default;
    }

    /// <summary>The linear map, in the precision of the moment.</summary>
    public static Tensor Map(Linear map, Tensor values) => s_isOn ? Map(map.weight!, map.bias, values) : map.call(values);

    /// <summary>The linear map of these weights, [output, input], in the precision of the moment.</summary>
    public static Tensor Map(Tensor weights, Tensor? bias, Tensor values) => nn.functional.linear(Given(values), Given(weights), Given(bias!));

    /// <summary>The convolution, transposed or not, in the precision of the moment.</summary>
    public static Tensor Convolve(nn.Module<Tensor, Tensor> convolution, Tensor values)
    {
        EngineConvolutions.Require();
        return s_isOn ? ConvolveReduced(convolution, values) : convolution.call(values);
    }

    private static Tensor ConvolveReduced(nn.Module<Tensor, Tensor> convolution, Tensor values) => convolution switch
    {
        Conv2d map => nn.functional.conv2d(Given(values), Given(map.weight!), Given(map.bias!), map.stride!, map.padding!),
        Conv1d map => nn.functional.conv1d(Given(values), Given(map.weight!), Given(map.bias!), map.stride![0], map.padding![0], map.dilation![0]),
        ConvTranspose2d map => nn.functional.conv_transpose2d(Given(values), Given(map.weight!), Given(map.bias!), map.stride!, map.padding!, map.output_padding!),
        _ => throw new InvalidOperationException($"{convolution.GetName()} is no convolution that runs in bfloat16."),
    };

    /// <summary>Values in float32, whatever they were computed in.</summary>
    public static Tensor Full(Tensor values) => values.dtype == ScalarType.BFloat16 ? values.to(ScalarType.Float32) : values;

    private static Tensor Given(Tensor values) => s_isOn && values is not null ? values.to(ScalarType.BFloat16) : values!;

    /// <summary>Ends with float32.</summary>
    internal readonly struct Turn : IDisposable
    {
        public void Dispose() => s_isOn = false;
    }
}
