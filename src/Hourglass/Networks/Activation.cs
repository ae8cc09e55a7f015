using System.Text.Json.Serialization;
using Hourglass.Engine;
using static TorchSharp.torch;

namespace Hourglass.Networks;

/// <summary>What follows each layer.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<Activation>))]
public enum Activation
{
    /// <summary>x.</summary>
    Linear,

    /// <summary>1 / (1 + exp(-x)).</summary>
    Sigmoid,

    /// <summary>Hyperbolic tangent.</summary>
    Tanh,

    /// <summary>max(0, x).</summary>
    Relu,

    /// <summary>x above 0, 0.01 x below.</summary>
    LeakyRelu,

    /// <summary>x above 0, exp(x) - 1 below. Clevert et al. 2016, https://arxiv.org/abs/1511.07289.</summary>
    Elu,

    /// <summary>x Phi(x). Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415.</summary>
    Gelu,

    /// <summary>x sigmoid(x).</summary>
    Silu,

    /// <summary>log(1 + exp(x)).</summary>
    Softplus,
}

/// <summary>Computes activations.</summary>
internal static class ActivationFunctions
{
    public static Tensor Apply(this Activation activation, Tensor values) => activation switch
    {
        Activation.Linear => values,
        Activation.Sigmoid => values.sigmoid(),
        Activation.Tanh => values.tanh(),
        Activation.Relu => values.relu(),
        Activation.LeakyRelu => values.maximum(values * HeldScalar.Of(0.01)),
        Activation.Elu => values.relu() + (-(-values).relu()).expm1(),
        Activation.Gelu => nn.functional.gelu(values),
        Activation.Silu => nn.functional.silu(values),
        Activation.Softplus => values.relu() + (-values.abs()).exp().log1p(),
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, "Unknown activation."),
    };
}
