using Hourglass.Kernels;

namespace Hourglass.Training.Steps;

/// <summary>Gradients of the weights and what is done with them: an optimiser's step in the same tile, or, with clipping, after a look at all of them.</summary>
internal sealed unsafe class FusedUpdate
{
    private const int TileLength = DenseMap.TileRows * DenseMap.PanelWidth;
    private const int NormRun = 4096; // values whose squares are added up by one thread; the runs' sums are added in order
    private readonly FusedPlan _plan;
    private readonly FusedWeights _weights;
    private readonly FusedRoom _room;
    private readonly TrainingOptions _options;
    private readonly WeightPenalty _penalty;
    private readonly WorkCrew _crew;
    private readonly DenseKernels _kernels = DenseKernels.Widest;
    private readonly FusedLayer[] _layers;
    private readonly double[] _norms;

    public FusedUpdate(FusedPlan plan, FusedWeights weights, FusedRoom room, AutoencoderOptions options, WorkCrew crew)
    {
        (_plan, _weights, _room, _options, _crew) = (plan, weights, room, options.Training, crew);
        _penalty = new WeightPenalty((float)options.Regularization.L1, (float)options.Regularization.L2);
        _layers = [.. plan.Maps];
        _norms = new double[(weights.Length + NormRun - 1) / NormRun];
    }

    /// <summary>Takes a step.</summary>
    /// <param name="learningRate">Step size.</param>
    /// <param name="number">Number of the step, from 1.</param>
    /// <param name="rows">Samples in the batch.</param>
    /// <param name="inputs">What each map was given.</param>
    public void Run(double learningRate, long number, int rows, Func<FusedLayer, IntPtr> inputs)
    {
        if (_options.ClipNorm is null)
        {
            Update(learningRate, number, 1, _penalty, rows, inputs);
            return;
        }

        Keep(rows, inputs, 1, isFirst: true);
        Finish(learningRate, number);
    }

    /// <summary>Keeps the gradients, with weight penalties.</summary>
    /// <param name="rows">Samples.</param>
    /// <param name="inputs">What each map was given.</param>
    /// <param name="share">What the samples count for in the step: so much of the penalties is added.</param>
    /// <param name="isFirst">Whether earlier gradients are replaced, not added to.</param>
    public void Keep(int rows, Func<FusedLayer, IntPtr> inputs, double share, bool isFirst) =>
        Tiles(new KeepRule(_weights.Values, _weights.Gradients, new WeightPenalty((float)(_penalty.L1 * share), (float)(_penalty.L2 * share)), isFirst), rows, inputs);

    /// <summary>Takes a step by gradients that were kept.</summary>
    public void Finish(double learningRate, long number) => Apply(learningRate, number, ClipScale());

    /// <summary>What gradients that were kept are multiplied by, so that they keep to the limit.</summary>
    public double ClipScale() => _options.ClipNorm is { } limit && Norm() is var norm && norm > limit ? limit / norm : 1;

    private void Update(double learningRate, long number, double gradientScale, WeightPenalty penalty, int rows, Func<FusedLayer, IntPtr> inputs)
    {
        if (_options.Optimizer == OptimizerKind.Sgd)
        {
            Tiles(Momentum(learningRate, gradientScale, penalty), rows, inputs);
        }
        else
        {
            Tiles(Adam(learningRate, number, gradientScale, penalty), rows, inputs);
        }
    }

    private MomentumRule Momentum(double learningRate, double gradientScale, WeightPenalty penalty) =>
        new(_weights.Values, _weights.State(0), (float)learningRate, (float)_options.Momentum, (float)gradientScale, penalty);

    private AdamRule Adam(double learningRate, long number, double gradientScale, WeightPenalty penalty) => new(
        _weights.Values, _weights.State(0), _weights.State(1), AdamStep.Of(learningRate, number, _options.Optimizer == OptimizerKind.AdamW ? _options.WeightDecay : 0, gradientScale), penalty);

    // Tiles of all maps in one row, cut into as many runs as there are threads.
    private void Tiles<TRule>(TRule rule, int rows, Func<FusedLayer, IntPtr> inputs)
        where TRule : struct, IGradientRule
    {
        var sizes = _layers.Select(layer => _weights.Map(layer).Tiles).ToArray();
        var total = sizes.Sum();
        _crew.Run(thread =>
        {
            var (first, last, start) = ((int)((long)total * thread / _crew.Size), (int)((long)total * (thread + 1) / _crew.Size), 0);
            for (var number = 0; number < _layers.Length; start += sizes[number++])
            {
                var (from, to) = (Math.Max(first - start, 0), Math.Min(last - start, sizes[number]));
                if (from >= to)
                {
                    continue;
                }

                var (layer, map) = (_layers[number], _weights.Map(_layers[number]));
                _kernels.Gradient(map, (float*)inputs(layer), _room[layer].Gradient, rows, from, to, rule);
                _weights.Transpose(layer, from, to);
                if (from == 0)
                {
                    _kernels.BiasGradient(map, _room[layer].Gradient, rows, rule);
                }
            }
        });
    }

    private double Norm()
    {
        _crew.Run(thread =>
        {
            for (var run = thread; run < _norms.Length; run += _crew.Size)
            {
                var start = (long)run * NormRun;
                _norms[run] = System.Numerics.Tensors.TensorPrimitives.SumOfSquares(new ReadOnlySpan<float>(_weights.Gradients + start, (int)Math.Min(NormRun, _weights.Length - start)));
            }
        });
        return Math.Sqrt(_norms.Sum());
    }

    private void Apply(double learningRate, long number, double gradientScale)
    {
        if (_options.Optimizer == OptimizerKind.Sgd)
        {
            Kept(Momentum(learningRate, gradientScale, default));
        }
        else
        {
            Kept(Adam(learningRate, number, gradientScale, default));
        }
    }

    private void Kept<TRule>(TRule rule)
        where TRule : struct, IGradientRule =>
        _crew.Run(thread =>
        {
            foreach (var layer in _layers)
            {
                var map = _weights.Map(layer);
                var bias = DenseMap.Stride(map.Outputs);
                var (first, last) = ((long)map.Tiles * thread / _crew.Size * TileLength, (long)map.Tiles * (thread + 1) / _crew.Size * TileLength);
                _kernels.Apply(map.Weights + first, _weights.Gradients + (map.Weights - _weights.Values) + first, last - first, isBias: false, rule);
                _weights.Transpose(layer, (int)(first / TileLength), (int)(last / TileLength));
                if (thread == 0)
                {
                    _kernels.Apply(map.Bias, _weights.Gradients + (map.Bias - _weights.Values), bias, isBias: true, rule);
                }
            }
        });
}
