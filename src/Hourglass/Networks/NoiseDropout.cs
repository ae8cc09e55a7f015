using Hourglass.Engine;
using static TorchSharp.torch;

namespace Hourglass.Networks;

/// <summary>Dropout that draws from the step's own generator, so that a resumed run repeats it.</summary>
/// <remarks>Srivastava et al. 2014; kept values are divided by 1 - share.</remarks>
internal static class NoiseDropout
{
    public static Tensor Apply(Tensor values, double share, StepContext context)
    {
        if (share <= 0 || !context.IsTraining)
        {
            return values;
        }

        var kept = context.Uniform(values.shape, ReducedPrecision.Full(values)).ge(HeldScalar.Of(share));
        return values * kept * HeldScalar.Of(1 / (1 - share));
    }
}
