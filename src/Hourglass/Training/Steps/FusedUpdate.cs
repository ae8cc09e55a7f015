using Hourglass.Kernels;

namespace Hourglass.Training.Steps;

/// <summary>Gradients of the weights and what is done with them: an optimiser's step in the same tile, or, with clipping, after a look at all of them.</summary>
internal sealed unsafe class FusedUpdate : IDisposable
{
    private const int TileLength = DenseMap.TileRows * DenseMap.PanelWidth;
    private const int MostSteps = 4096; // remembered for rows that missed them
    private const int NormRun = 4096; // values whose squares are added up by one thread; the runs' sums are added in order
    private readonly FusedWeights _weights;
    private readonly FusedRoom _room;
    private readonly DenseFusedMap[] _maps;
    private readonly SparseUpdate[] _sparse;
    private readonly ConvolutionUpdate[] _convolutions;
    private readonly FusedLayer[] _inPanels;
    private readonly TrainingOptions _options;
    private readonly WeightPenalty _penalty;
    private readonly WorkCrew _crew;
    private readonly DenseKernels _kernels = DenseKernels.Widest;
    private readonly double[] _norms;
    private readonly List<AdamRule> _adamSteps = [];
    private readonly List<MomentumRule> _momentumSteps = [];

    public FusedUpdate(IReadOnlyList<FusedMap> maps, FusedWeights weights, FusedRoom room, AutoencoderOptions options, WorkCrew crew)
    {
        (_weights, _room, _options, _crew) = (weights, room, options.Training, crew);
        _penalty = new WeightPenalty((float)options.Regularization.L1, (float)options.Regularization.L2);
        _maps = [.. maps.OfType<DenseFusedMap>()];
        foreach (var map in _maps.Where(map => map.Layer.TiedTo is not null))
        {
            Array.Find(_maps, other => ReferenceEquals(other.Layer, map.Layer.TiedTo))!.Tied = map;
        }

        var isPulled = _penalty != default || (options.Training is { Optimizer: OptimizerKind.AdamW, WeightDecay: > 0 });
        _sparse = [.. maps.OfType<SparseFusedMap>().Select(map => new SparseUpdate(map, weights, room, _penalty, isPulled))];
        var convolutions = maps.OfType<ConvolutionMap>().ToList();
        _convolutions = [.. convolutions.Select(map => new ConvolutionUpdate(map, room))];
        _inPanels = [.. _maps.Select(map => map.Layer), .. convolutions.Select(map => map.Layer)];
        _norms = new double[(weights.Length + NormRun - 1) / NormRun];
    }

    private bool IsSgd => _options.Optimizer == OptimizerKind.Sgd;

    /// <summary>When weights and moments have come from elsewhere.</summary>
    public void Begin()
    {
        _adamSteps.Clear();
        _momentumSteps.Clear();
        Array.ForEach(_sparse, update => update.Lazy?.Begin());
    }

    /// <summary>Before the passes: makes up for steps that rows have missed.</summary>
    /// <param name="isBatch">Whether only the rows that the batch uses need them.</param>
    public void CatchUp(bool isBatch)
    {
        foreach (var update in _sparse.Where(update => update.Lazy is not null))
        {
            if (IsSgd)
            {
                _crew.Run(thread => update.CatchUp(_momentumSteps, thread, _crew.Size, isBatch));
            }
            else
            {
                _crew.Run(thread => update.CatchUp(_adamSteps, thread, _crew.Size, isBatch));
            }
        }
    }

    /// <summary>Takes a step.</summary>
    /// <param name="learningRate">Step size.</param>
    /// <param name="number">Number of the step, from 1.</param>
    /// <param name="rows">Samples in the batch.</param>
    public void Run(double learningRate, long number, int rows)
    {
        if (_options.ClipNorm is null)
        {
            Update(learningRate, number, rows);
            return;
        }

        Keep(rows, 1, isFirst: true);
        Finish(learningRate, number);
    }

    /// <summary>Keeps the gradients, with weight penalties.</summary>
    /// <param name="rows">Samples.</param>
    /// <param name="share">What the samples count for in the step: so much of the penalties is added.</param>
    /// <param name="isFirst">Whether earlier gradients are replaced, not added to.</param>
    public void Keep(int rows, double share, bool isFirst)
    {
        CatchUp(isBatch: false);
        var rule = new KeepRule(_weights.Values, _weights.Gradients, new WeightPenalty((float)(_penalty.L1 * share), (float)(_penalty.L2 * share)), isFirst);
        Tiles(rule, rule, rows, isStep: false);
    }

    /// <summary>Takes a step by gradients that were kept.</summary>
    public void Finish(double learningRate, long number) => Apply(learningRate, number, ClipScale());

    /// <summary>What gradients that were kept are multiplied by, so that they keep to the limit.</summary>
    public double ClipScale() => _options.ClipNorm is { } limit && Norm() is var norm && norm > limit ? limit / norm : 1;

    private void Update(double learningRate, long number, int rows)
    {
        if (IsSgd)
        {
            Take(Momentum(learningRate, 1, _penalty), Momentum(learningRate, 1, default), rows, _momentumSteps);
        }
        else
        {
            Take(Adam(learningRate, number, 1, _penalty), Adam(learningRate, number, 1, default), rows, _adamSteps);
        }
    }

    private void Take<TRule>(TRule rule, TRule withoutPenalty, int rows, List<TRule> steps)
        where TRule : struct, IGradientRule
    {
        Tiles(rule, withoutPenalty, rows, isStep: true);
        steps.Add(rule);
        if (steps.Count == MostSteps)
        {
            CatchUp(isBatch: false);
            steps.Clear();
            Array.ForEach(_sparse, update => update.Lazy?.Forget());
        }
    }

    private MomentumRule Momentum(double learningRate, double gradientScale, WeightPenalty penalty) =>
        new(_weights.Values, _weights.State(0), (float)learningRate, (float)_options.Momentum, (float)gradientScale, penalty);

    private AdamRule Adam(double learningRate, long number, double gradientScale, WeightPenalty penalty) => new(
        _weights.Values, _weights.State(0), _weights.State(1), AdamStep.Of(learningRate, number, _options.Optimizer == OptimizerKind.AdamW ? _options.WeightDecay : 0, gradientScale), penalty);

    // Each thread takes its run of every map's tiles: some maps have a way back to renew, others have none. Rows of sparse ones in turn.
    private void Tiles<TRule>(TRule rule, TRule withoutPenalty, int rows, bool isStep)
        where TRule : struct, IGradientRule
    {
        Array.ForEach(_sparse, update => update.Begin(rows));
        Array.ForEach(_maps, map => map.BeginGradient(rows));
        _crew.Run(thread =>
        {
            foreach (var map in _maps)
            {
                var (from, to) = ((int)((long)map.Pieces * thread / _crew.Size), (int)((long)map.Pieces * (thread + 1) / _crew.Size));
                if (from < to && !map.Layer.IsBiasOnly)
                {
                    Pieces(map, from, to, rows, rule, _room.ScratchOf(thread), isStep);
                }

                if (thread == 0)
                {
                    _kernels.BiasGradient(map.Map, map.Gradient, map.BiasRows(rows), rule);
                }
            }

            foreach (var update in _convolutions)
            {
                update.Run(rule, rows, thread, _crew.Size, isStep);
            }

            foreach (var update in _sparse)
            {
                update.Run(rule, withoutPenalty, thread, _crew.Size, isStep);
            }
        });
    }

    private static void Pieces<TRule>(DenseFusedMap map, int from, int to, int rows, TRule rule, float* scratch, bool isStep)
        where TRule : struct, IGradientRule
    {
        if (map.Stretches is null || rows == 0)
        {
            map.WeightGradient(from, to, rows, rule, scratch);
        }
        else
        {
            map.WeightGradient(from, to, rows, new StretchRule<TRule>(rule, map.Map.Weights, map.Map.PanelLength, map.Stretches), scratch);
        }

        if (isStep)
        {
            map.RenewBack(from, to);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_convolutions, update => update.Dispose());

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
        if (IsSgd)
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
            foreach (var layer in _inPanels)
            {
                var map = _weights.Map(layer);
                var bias = _weights.Bias(layer);
                if (!layer.IsBiasOnly)
                {
                    var (first, last) = ((long)map.Tiles * thread / _crew.Size * TileLength, (long)map.Tiles * (thread + 1) / _crew.Size * TileLength);
                    _kernels.Apply(map.Weights + first, _weights.Gradients + (map.Weights - _weights.Values) + first, last - first, isBias: false, rule);
                    _weights.Transpose(layer, (int)(first / TileLength), (int)(last / TileLength));
                }

                if (thread == 0)
                {
                    _kernels.Apply(bias, _weights.Gradients + (bias - _weights.Values), DenseMap.Stride(layer.BiasLength), isBias: true, rule);
                }
            }

            foreach (var update in _sparse)
            {
                update.Apply(rule, thread, _crew.Size);
            }
        });
}
