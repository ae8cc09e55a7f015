using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hourglass.Engine;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Hourglass.Training;

/// <summary>A step rule over one flat vector: on the processor in one pass over runs that stay in the first cache, elsewhere by the engine's operations.</summary>
internal abstract unsafe class FlatOptimizer(FlatParameters parameters) : IDisposable
{
    /// <summary>Values of a run: weights, gradients, two moments and scratch are 20 kB.</summary>
    protected const int RunLength = 1024;

    private const int RunsOfThread = 1024; // fewer are not worth waiting for another thread: the engine's own spin on its core after each operation
    private readonly List<Tensor> _state = [];

    /// <summary>Moments, for checkpoints; each as long as the parameters.</summary>
    public IReadOnlyList<Tensor> State => _state;

    /// <summary>Steps made.</summary>
    public long Steps { get; set; }

    protected FlatParameters Parameters => parameters;

    public static FlatOptimizer Create(TrainingOptions options, FlatParameters parameters) => options.Optimizer switch
    {
        OptimizerKind.Sgd => new SgdOptimizer(parameters, options.Momentum),
        OptimizerKind.AdamW => new AdamOptimizer(parameters, options.WeightDecay),
        _ => new AdamOptimizer(parameters, 0),
    };

    /// <summary>One step down the gradient.</summary>
    public void Step(double learningRate)
    {
        Steps++;
        if (parameters.Values.device.type == TorchSharp.DeviceType.CPU && parameters.Values.numel() <= int.MaxValue / sizeof(float))
        {
            MoveInRuns(learningRate);
            return;
        }

        using var scope = NewDisposeScope();
        Move(learningRate);
    }

    /// <summary>Copies of the moments.</summary>
    public Tensor[] Snapshot() => [.. _state.Select(tensor => tensor.clone().DetachFromDisposeScope())];

    /// <summary>Puts copies back.</summary>
    public void Restore(IReadOnlyList<Tensor> copies)
    {
        foreach (var (tensor, copy) in _state.Zip(copies))
        {
            tensor.copy_(copy);
        }
    }

    public void Dispose()
    {
        foreach (var tensor in _state)
        {
            tensor.Dispose();
        }
    }

    /// <summary>Moves all parameters by the engine's operations.</summary>
    protected abstract void Move(double learningRate);

    /// <summary>What moves a run of parameters.</summary>
    protected abstract RunRule Rule(double learningRate);

    /// <summary>A number that changes from step to step, as the engine takes it.</summary>
    protected Tensor Number(double value) => tensor((float)value, device: _state[0].device);

    protected Tensor NewState()
    {
        var tensor = zeros_like(parameters.Values).DetachFromDisposeScope();
        _state.Add(tensor);
        return tensor;
    }

    protected static float* Memory(Tensor tensor) => (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tensor.bytes));

    // Every value moves by itself, so that threads change no bit.
    private void MoveInRuns(double learningRate)
    {
        var (rule, length) = (Rule(learningRate), (int)parameters.Values.numel());
        var runs = (length + RunLength - 1) / RunLength;
        var threads = Math.Clamp(runs / RunsOfThread, 1, EngineThreads.Ours);
        EngineThreads.Share(threads, Run);
        GC.KeepAlive(this);

        void Run(int thread)
        {
            for (var start = (int)((long)runs * thread / threads) * RunLength; start < Math.Min(length, (int)((long)runs * (thread + 1) / threads) * RunLength); start += RunLength)
            {
                rule(start, Math.Min(RunLength, length - start));
            }
        }
    }

    /// <summary>Moves some parameters.</summary>
    /// <param name="start">The first.</param>
    /// <param name="count">How many, at most <see cref="RunLength"/>.</param>
    protected delegate void RunRule(int start, int count);
}

/// <summary>Adam; with a decay above 0, AdamW.</summary>
internal sealed unsafe class AdamOptimizer : FlatOptimizer
{
    private const double Beta1 = 0.9;
    private const double Beta2 = 0.999;
    private const double Epsilon = 1e-8;
    private readonly double _decay;
    private readonly Tensor _first;
    private readonly Tensor _second;

    public AdamOptimizer(FlatParameters parameters, double decay)
        : base(parameters)
    {
        _decay = decay;
        (_first, _second) = (NewState(), NewState());
    }

    private double FirstScale => 1 - Math.Pow(Beta1, Steps);

    private double SecondScale => Math.Sqrt(1 - Math.Pow(Beta2, Steps));

    protected override void Move(double learningRate)
    {
        var (values, gradients) = (Parameters.Values, Parameters.Gradients);
        if (_decay > 0)
        {
            values.mul_(Number(1) - (Parameters.WeightMask * Number(learningRate * _decay)));
        }

        _first.mul_(HeldScalar.Of(Beta1)).add_(gradients, HeldScalar.Of(1 - Beta1));
        _second.mul_(HeldScalar.Of(Beta2)).addcmul_(gradients, gradients, HeldScalar.Of(1 - Beta2));
        var scale = _second.sqrt().mul_(Number(1 / SecondScale)).add_(HeldScalar.Of(Epsilon));
        values.sub_((_first / scale).mul_(Number(learningRate / FirstScale)));
    }

    protected override RunRule Rule(double learningRate)
    {
        float* values = Memory(Parameters.Values), gradients = Memory(Parameters.Gradients), mask = Memory(Parameters.WeightMask), first = Memory(_first), second = Memory(_second);
        var (decay, rate, scale) = ((float)(learningRate * _decay), (float)(learningRate / FirstScale), (float)(1 / SecondScale));
        return (start, count) =>
        {
            Span<float> weights = new(values + start, count), mean = new(first + start, count), square = new(second + start, count), scratch = stackalloc float[count];
            ReadOnlySpan<float> gradient = new(gradients + start, count);
            if (decay > 0)
            {
                TensorPrimitives.Multiply(new ReadOnlySpan<float>(mask + start, count), -decay, scratch);
                TensorPrimitives.MultiplyAdd(weights, scratch, weights, weights);
            }

            TensorPrimitives.Multiply(mean, (float)Beta1, mean);
            TensorPrimitives.MultiplyAdd(gradient, (float)(1 - Beta1), mean, mean);
            TensorPrimitives.Multiply(gradient, gradient, scratch);
            TensorPrimitives.Multiply(square, (float)Beta2, square);
            TensorPrimitives.MultiplyAdd(scratch, (float)(1 - Beta2), square, square);
            TensorPrimitives.Sqrt(square, scratch);
            TensorPrimitives.Multiply(scratch, scale, scratch);
            TensorPrimitives.Add(scratch, (float)Epsilon, scratch);
            TensorPrimitives.Divide(mean, scratch, scratch);
            TensorPrimitives.MultiplyAdd(scratch, -rate, weights, weights);
        };
    }
}

/// <summary>Momentum: velocity = momentum velocity + gradient; step = -rate velocity.</summary>
internal sealed unsafe class SgdOptimizer : FlatOptimizer
{
    private readonly double _momentum;
    private readonly Tensor _velocity;

    public SgdOptimizer(FlatParameters parameters, double momentum)
        : base(parameters)
    {
        _momentum = momentum;
        _velocity = NewState();
    }

    protected override void Move(double learningRate)
    {
        _velocity.mul_(HeldScalar.Of(_momentum)).add_(Parameters.Gradients);
        Parameters.Values.sub_(_velocity * Number(learningRate));
    }

    protected override RunRule Rule(double learningRate)
    {
        float* values = Memory(Parameters.Values), gradients = Memory(Parameters.Gradients), velocities = Memory(_velocity);
        return (start, count) =>
        {
            Span<float> weights = new(values + start, count), velocity = new(velocities + start, count);
            TensorPrimitives.MultiplyAdd(velocity, (float)_momentum, new ReadOnlySpan<float>(gradients + start, count), velocity);
            TensorPrimitives.MultiplyAdd(velocity, -(float)learningRate, weights, weights);
        };
    }
}
