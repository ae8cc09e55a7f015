using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hourglass.Networks;

/// <summary>Products in bfloat16 with float32 weights behind them, where the processor multiplies bfloat16 by itself.</summary>
internal static class ReducedPrecision
{
    [ThreadStatic]
    private static bool s_isOn;

    /// <summary>Whether products on this thread run in bfloat16 now.</summary>
    public static bool IsOn
    {
        get => s_isOn;
        set => s_isOn = value;
    }

    /// <summary>The linear map, in the precision of the moment; float32 comes out.</summary>
    public static Tensor Map(Linear map, Tensor values) => !IsOn
        ? map.call(values)
        : nn.functional.linear(values.to(ScalarType.BFloat16), map.weight!.to(ScalarType.BFloat16), map.bias?.to(ScalarType.BFloat16)).to(ScalarType.Float32);

    /// <summary>The convolution, in the precision of the moment; float32 comes out.</summary>
    public static Tensor Convolve(Conv2d convolution, Tensor values) => !IsOn
        ? convolution.call(values)
        : nn.functional.conv2d(
            values.to(ScalarType.BFloat16), convolution.weight!.to(ScalarType.BFloat16), convolution.bias?.to(ScalarType.BFloat16), convolution.stride!, convolution.padding!).to(ScalarType.Float32);
}
