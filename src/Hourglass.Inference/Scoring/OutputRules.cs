using System.Numerics.Tensors;

namespace Hourglass.Scoring;

/// <summary>From the decoder's output to the expected values.</summary>
internal static class OutputRules
{
    private const float Near = 0.1f; // the series' next term, l^3 / 720, is below float32's resolution here

    /// <summary>Applies a rule to a run of one row, in place.</summary>
    public static void Apply(OutputRule rule, Span<float> values)
    {
        switch (rule)
        {
            case OutputRule.Sigmoid:
                TensorPrimitives.Sigmoid<float>(values, values);
                break;
            case OutputRule.Softmax:
                TensorPrimitives.Subtract(values, TensorPrimitives.Max<float>(values), values);
                TensorPrimitives.SoftMax<float>(values, values);
                break;
            case OutputRule.ContinuousBernoulliMean:
                foreach (ref var value in values)
                {
                    value = ContinuousBernoulliMean(value);
                }

                break;
        }
    }

    // 1 / (1 - exp(-l)) - 1 / l, near 0 by 1/2 + l / 12: Loaiza-Ganem and Cunningham 2019, https://arxiv.org/abs/1907.06845.
    private static float ContinuousBernoulliMean(float logit) =>
        MathF.Abs(logit) < Near ? (logit / 12) + 0.5f : (float)(-1 / double.ExpM1(-logit)) - (1 / logit);
}
