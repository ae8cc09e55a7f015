using System.Runtime.CompilerServices;
using Hourglass.Kernels;

namespace Hourglass.Training.Steps;

/// <summary>Weight penalties that every rule adds to a gradient.</summary>
internal readonly record struct WeightPenalty(float L1, float L2)
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Add<TLanes, TVector>(TVector gradient, TVector value)
        where TLanes : ILanes<TVector>
        where TVector : struct
    {
        if (L2 > 0)
        {
            gradient = TLanes.MultiplyAdd(value, TLanes.Broadcast(L2), gradient);
        }

        if (L1 > 0)
        {
            var zero = TLanes.Broadcast(0);
            var sign = TLanes.Subtract(TLanes.WherePositive(value, TLanes.Broadcast(1), zero), TLanes.WherePositive(TLanes.Subtract(zero, value), TLanes.Broadcast(1), zero));
            gradient = TLanes.MultiplyAdd(sign, TLanes.Broadcast(L1), gradient);
        }

        return gradient;
    }
}

/// <summary>Gradients are kept, for a norm over all of them or for others to add theirs.</summary>
internal readonly unsafe struct KeepRule(float* values, float* gradients, WeightPenalty penalty, bool isFirst) : IGradientRule
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Ask(float* parameters)
    {
        // Only what is read.
        if (penalty != default)
        {
            CacheLine.Ask(parameters);
        }

        if (!isFirst)
        {
            CacheLine.Ask(gradients + (parameters - values));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take<TLanes, TVector>(float* parameters, TVector gradient, bool isBias)
        where TLanes : ILanes<TVector>
        where TVector : struct
    {
        var place = gradients + (parameters - values);
        gradient = isBias ? gradient : penalty.Add<TLanes, TVector>(gradient, TLanes.Load(parameters));
        TLanes.Store(isFirst ? gradient : TLanes.Add(gradient, TLanes.Load(place)), place);
    }
}

/// <summary>Adds to the gradient of each output's weights a multiple of them, then goes on by another rule.</summary>
/// <param name="rule">The other rule.</param>
/// <param name="weights">Where the map's weights start.</param>
/// <param name="panelLength">Values in a panel of 32 outputs.</param>
/// <param name="stretches">The multiple for each output.</param>
internal readonly unsafe struct StretchRule<TRule>(TRule rule, float* weights, long panelLength, float* stretches) : IGradientRule
    where TRule : struct, IGradientRule
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Ask(float* parameters) => rule.Ask(parameters);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take<TLanes, TVector>(float* parameters, TVector gradient, bool isBias)
        where TLanes : ILanes<TVector>
        where TVector : struct
    {
        var place = parameters - weights;
        var output = (place / panelLength * DenseMap.PanelWidth) + (place % DenseMap.PanelWidth);
        rule.Take<TLanes, TVector>(parameters, TLanes.MultiplyAdd(TLanes.Load(parameters), TLanes.Load(stretches + output), gradient), isBias);
    }
}

/// <summary>Adam's step, with AdamW's decay: the arithmetic of <see cref="AdamOptimizer"/>.</summary>
internal readonly unsafe struct AdamRule(float* values, float* first, float* second, AdamStep step, WeightPenalty penalty) : IGradientRule
{
    private readonly nint _first = (nint)((byte*)first - (byte*)values);
    private readonly nint _second = (nint)((byte*)second - (byte*)values);
    private readonly bool _isPlain = step is { GradientScale: 1, Keep: 1 } && penalty == default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Ask(float* parameters)
    {
        CacheLine.Ask(parameters);
        CacheLine.Ask((byte*)parameters + _first);
        CacheLine.Ask((byte*)parameters + _second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take<TLanes, TVector>(float* parameters, TVector gradient, bool isBias)
        where TLanes : ILanes<TVector>
        where TVector : struct
    {
        var (firstPlace, secondPlace) = ((nint)parameters + _first, (nint)parameters + _second);
        var value = TLanes.Load(parameters);
        if (!_isPlain)
        {
            gradient = TLanes.Multiply(gradient, TLanes.Broadcast(step.GradientScale));
            gradient = isBias ? gradient : penalty.Add<TLanes, TVector>(gradient, value);
            value = isBias ? value : TLanes.Multiply(value, TLanes.Broadcast(step.Keep));
        }

        var (m, v) = (TLanes.Load((float*)firstPlace), TLanes.Load((float*)secondPlace));
        m = TLanes.MultiplyAdd(TLanes.Subtract(gradient, m), TLanes.Broadcast(AdamStep.OneMinusBeta1), m);
        v = TLanes.MultiplyAdd(v, TLanes.Broadcast(AdamStep.Beta2), TLanes.Multiply(TLanes.Multiply(gradient, gradient), TLanes.Broadcast(AdamStep.OneMinusBeta2)));
        var scale = TLanes.MultiplyAdd(TLanes.SquareRoot(v), TLanes.Broadcast(step.SecondCorrection), TLanes.Broadcast(AdamStep.Epsilon));
        TLanes.Store(m, (float*)firstPlace);
        TLanes.Store(v, (float*)secondPlace);
        TLanes.Store(TLanes.Subtract(value, TLanes.Divide(TLanes.Multiply(m, TLanes.Broadcast(step.Rate)), scale)), parameters);
    }
}

/// <summary>The numbers of one step of Adam.</summary>
/// <param name="Rate">Step size over the first moment's correction.</param>
/// <param name="SecondCorrection">1 / sqrt(1 - beta2^t).</param>
/// <param name="Keep">1 minus the decay of weights.</param>
/// <param name="GradientScale">From clipping.</param>
internal readonly record struct AdamStep(float Rate, float SecondCorrection, float Keep, float GradientScale)
{
    public const float Beta1 = 0.9f;
    public const float Beta2 = 0.999f;
    public const float OneMinusBeta1 = 0.1f;
    public const float OneMinusBeta2 = 0.001f;
    public const float Epsilon = 1e-8f;

    /// <summary>For a step size and the number of the step, from 1.</summary>
    public static AdamStep Of(double learningRate, long number, double decay, double gradientScale) => new(
        (float)(learningRate / (1 - Math.Pow(0.9, number))), (float)(1 / Math.Sqrt(1 - Math.Pow(0.999, number))), (float)(1 - (learningRate * decay)), (float)gradientScale);
}

/// <summary>Gradient descent with momentum.</summary>
internal readonly unsafe struct MomentumRule(float* values, float* velocity, float rate, float momentum, float gradientScale, WeightPenalty penalty) : IGradientRule
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Ask(float* parameters)
    {
        CacheLine.Ask(parameters);
        CacheLine.Ask(velocity + (parameters - values));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take<TLanes, TVector>(float* parameters, TVector gradient, bool isBias)
        where TLanes : ILanes<TVector>
        where TVector : struct
    {
        var place = parameters - values;
        var value = TLanes.Load(parameters);
        gradient = TLanes.Multiply(gradient, TLanes.Broadcast(gradientScale));
        gradient = isBias ? gradient : penalty.Add<TLanes, TVector>(gradient, value);
        var v = TLanes.MultiplyAdd(TLanes.Load(velocity + place), TLanes.Broadcast(momentum), gradient);
        TLanes.Store(v, velocity + place);
        TLanes.Store(TLanes.Subtract(value, TLanes.Multiply(v, TLanes.Broadcast(rate))), parameters);
    }
}
