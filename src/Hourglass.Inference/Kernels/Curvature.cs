namespace Hourglass.Kernels;

/// <summary>Second derivatives of activations.</summary>
internal static unsafe class Curvature
{
    /// <summary>Whether an activation is linear in pieces.</summary>
    public static bool IsZero(DenseActivation activation) => activation is DenseActivation.Linear or DenseActivation.Relu or DenseActivation.LeakyRelu;

    /// <summary>Second derivatives.</summary>
    /// <param name="activation">Which.</param>
    /// <param name="before">Values before it; read by gelu and silu only.</param>
    /// <param name="after">Values after it.</param>
    /// <param name="result">Receives the derivatives.</param>
    public static void Of(DenseActivation activation, float* before, float* after, Span<float> result)
    {
        switch (activation)
        {
            case DenseActivation.Sigmoid:
                for (var i = 0; i < result.Length; i++)
                {
                    result[i] = after[i] * (1 - after[i]) * (1 - (2 * after[i]));
                }

                break;
            case DenseActivation.Tanh:
                for (var i = 0; i < result.Length; i++)
                {
                    result[i] = -2 * after[i] * (1 - (after[i] * after[i]));
                }

                break;
            default:
                for (var i = 0; i < result.Length; i++)
                {
                    result[i] = Of(activation, before is null ? 0 : before[i], after[i]);
                }

                break;
        }
    }

    private static float Of(DenseActivation activation, float before, float after)
    {
        switch (activation)
        {
            case DenseActivation.Elu:
                return after > 0 ? 0 : after + 1;
            case DenseActivation.Gelu: // (2 - x^2) times the normal density
                return (2 - (before * before)) * MathF.Exp(-0.5f * before * before) * 0.398942280f;
            case DenseActivation.Silu:
                var logistic = 1 / (1 + MathF.Exp(-before));
                return logistic * (1 - logistic) * (2 + (before * (1 - (2 * logistic))));
            case DenseActivation.Softplus: // its slope is the logistic function, 1 - exp(-y)
                var rest = MathF.Exp(-after);
                return rest * (1 - rest);
            default:
                return 0;
        }
    }
}
