using Hourglass.Engine;
using static TorchSharp.torch;

namespace Hourglass.Training;

/// <summary>A step rule over one flat vector.</summary>
internal abstract class FlatOptimizer : IDisposable
{
    private readonly List<Tensor> _state = [];

    /// <summary>Moments, for checkpoints; each as long as the parameters.</summary>
    public IReadOnlyList<Tensor> State => _state;

    /// <summary>Steps made.</summary>
    public long Steps { get; set; }

    public static FlatOptimizer Create(TrainingOptions options, FlatParameters parameters) => options.Optimizer switch
    {
        OptimizerKind.Sgd => new SgdOptimizer(parameters, options.Momentum),
        OptimizerKind.AdamW => new AdamOptimizer(parameters, options.WeightDecay),
        _ => new AdamOptimizer(parameters, 0),
    };

    /// <summary>One step down the gradient.</summary>
    public void Step(double learningRate)
    {
        using var scope = NewDisposeScope();
        Steps++;
        Move(learningRate);
    }

    /// <summary>Copies of the moments.</summary>
    public Tensor[] Snapshot() => [.. _state.Select(tensor => tensor.clone().DetachFromDisposeScope())];

    /// <summary>Puts copies back.</summary>
    public void Restore(IReadOnlyList<Tensor> copies, long steps)
    {
        foreach (var (tensor, copy) in _state.Zip(copies))
        {
            tensor.copy_(copy);
        }

        Steps = steps;
    }

    public void Dispose()
    {
        foreach (var tensor in _state)
        {
            tensor.Dispose();
        }
    }

    protected abstract void Move(double learningRate);

    /// <summary>A number that changes from step to step, as the engine takes it.</summary>
    protected Tensor Number(double value) => tensor((float)value, device: _state[0].device);

    protected Tensor NewState(FlatParameters parameters)
    {
        var tensor = zeros_like(parameters.Values).DetachFromDisposeScope();
        _state.Add(tensor);
        return tensor;
    }
}

/// <summary>Adam; with a decay above 0, AdamW.</summary>
internal sealed class AdamOptimizer : FlatOptimizer
{
    private const double Beta1 = 0.9;
    private const double Beta2 = 0.999;
    private const double Epsilon = 1e-8;
    private readonly FlatParameters _parameters;
    private readonly double _decay;
    private readonly Tensor _first;
    private readonly Tensor _second;

    public AdamOptimizer(FlatParameters parameters, double decay)
    {
        (_parameters, _decay) = (parameters, decay);
        (_first, _second) = (NewState(parameters), NewState(parameters));
    }

    protected override void Move(double learningRate)
    {
        var (values, gradients) = (_parameters.Values, _parameters.Gradients);
        if (_decay > 0)
        {
            values.mul_(Number(1) - (_parameters.WeightMask * Number(learningRate * _decay)));
        }

        _first.mul_(HeldScalar.Of(Beta1)).add_(gradients, HeldScalar.Of(1 - Beta1));
        _second.mul_(HeldScalar.Of(Beta2)).addcmul_(gradients, gradients, HeldScalar.Of(1 - Beta2));
        var scale = _second.sqrt().mul_(Number(1 / Math.Sqrt(1 - Math.Pow(Beta2, Steps)))).add_(HeldScalar.Of(Epsilon));
        values.sub_((_first / scale).mul_(Number(learningRate / (1 - Math.Pow(Beta1, Steps)))));
    }
}

/// <summary>Momentum: velocity = momentum velocity + gradient; step = -rate velocity.</summary>
internal sealed class SgdOptimizer : FlatOptimizer
{
    private readonly FlatParameters _parameters;
    private readonly double _momentum;
    private readonly Tensor _velocity;

    public SgdOptimizer(FlatParameters parameters, double momentum)
    {
        (_parameters, _momentum) = (parameters, momentum);
        _velocity = NewState(parameters);
    }

    protected override void Move(double learningRate)
    {
        _velocity.mul_(HeldScalar.Of(_momentum)).add_(_parameters.Gradients);
        _parameters.Values.sub_(_velocity * Number(learningRate));
    }
}
