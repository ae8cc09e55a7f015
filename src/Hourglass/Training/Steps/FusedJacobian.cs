using System.Numerics.Tensors;
using Hourglass.Engine;
using Hourglass.Kernels;

namespace Hourglass.Training.Steps;

/// <summary>A penalty on a Jacobian with its gradient, by hand: the arithmetic of <see cref="Regularization.ContractivePenalty"/>.</summary>
/// <remarks>A direction v is taken back through the layers: u = (W' u of the layer above) times the activation's slope, and the penalty is a weight times |W' u|^2 at the first. Its gradient goes up through
/// the same maps, for they are linear in u; where an activation bends, slopes answer to the values before it, and that part goes down as any gradient does. Each map so gains two products beside the batch's
/// own: u with what came up, and the bends with the layer's values.</remarks>
internal sealed unsafe class FusedJacobian : IDisposable
{
    private readonly JacobianPlan _plan;
    private readonly JacobianStage[] _stages;
    private readonly float* _place;
    private readonly int _placeStride;
    private readonly int _placeLength;
    private readonly CleanRow _clean;
    private readonly float[] _norms;
    private readonly AlignedFloats _stretches;
    private int _rows;
    private float _gradientWeight;

    public FusedJacobian(JacobianPlan plan, FusedPlan model, FusedWeights weights, FusedRoom room, float* place, CleanRow clean)
    {
        (_plan, _clean) = (plan, clean);
        _place = place;
        (_placeLength, _placeStride) = (model.Layers[plan.First].Inputs, DenseMap.Stride(model.Layers[plan.First].Inputs));
        _stages = new JacobianStage[plan.Last - plan.First + 1];
        for (var number = 0; number < _stages.Length; number++)
        {
            var layer = model.Layers[plan.First + number];
            var isLast = number == _stages.Length - 1;
            _stages[number] = new JacobianStage(layer, isLast ? plan.LastActivation : layer.Activation, weights, room, number == 0 ? place : room[model.Layers[plan.First + number - 1]].After, isLast ? null : room[layer].After, plan);
        }

        _norms = new float[DenseMap.Stride(_stages[^1].Outputs)];
        _stretches = new AlignedFloats(_norms.Length);
    }

    /// <summary>Reads what the pass without noise is given.</summary>
    public delegate void CleanRow(int row, Span<float> values);

    /// <summary>Whether directions are drawn.</summary>
    public bool Draws => !_plan.IsExact;

    /// <summary>Whether the norm of one map is taken as a whole.</summary>
    public bool IsClosed => _plan.Directions == 0;

    /// <summary>What the gradient of each output's weights gains, as a multiple of them, where the norm is taken as a whole.</summary>
    public float* Stretches => _stretches.Pointer;

    /// <summary>Before the passes.</summary>
    /// <param name="rows">Rows of the batch.</param>
    /// <param name="scale">1 over batch and sample length.</param>
    public void Begin(int rows, float scale)
    {
        (_rows, _gradientWeight) = (rows, (float)(2 * _plan.DirectionWeight * scale));
        Array.ForEach(_stages, stage => stage.BlockRows = DenseMap.Padded(rows, DenseMap.TileRows));
        if (IsClosed)
        {
            Measure();
        }
    }

    /// <summary>Directions of the step: drawn signs, or each output in turn.</summary>
    public void Draw(int rows, StepContext context)
    {
        var (last, stride, block) = (_stages[^1], DenseMap.Stride(_stages[^1].Outputs), DenseMap.Padded(rows, DenseMap.TileRows));
        for (var direction = 0; direction < _plan.Directions; direction++)
        {
            var target = last.Pulled + ((long)direction * block * stride);
            new Span<float>(target, block * stride).Clear();
            if (!_plan.IsExact)
            {
                using var signs = (context.Uniform([rows, last.Outputs]).ge(HeldScalar.Of(0.5)) * HeldScalar.Of(2)) - HeldScalar.Of(1);
                TensorRows.Copy(signs.to(TorchSharp.torch.ScalarType.Float32), last.Outputs, target, stride);
            }

            for (var row = 0; row < rows && _plan.IsExact; row++)
            {
                target[((long)row * stride) + direction] = 1;
            }
        }
    }

    /// <summary>All of the penalty's passes for some rows.</summary>
    /// <param name="thread">Whose scratch is used.</param>
    /// <param name="first">First row.</param>
    /// <param name="last">After the last.</param>
    /// <param name="losses">Gain each row's penalty.</param>
    public void Run(int thread, int first, int last, double[] losses)
    {
        for (var row = first; row < last && !_plan.IsMerged; row++)
        {
            var values = new Span<float>(Place(1, row), _placeLength);
            if (row < _rows)
            {
                _clean(row, values);
            }
            else
            {
                values.Clear();
            }
        }

        Array.ForEach(_stages, stage => stage.Forward(thread, first, last));
        for (var direction = 0; direction < _plan.Directions; direction++)
        {
            Follow(direction, thread, first, last, losses);
        }

        for (var row = first; row < Math.Min(last, _rows) && IsClosed; row++)
        {
            losses[row] += _plan.Weight * _stages[0].Close(row, _norms, _gradientWeight);
        }

        for (var number = _stages.Length - 1; number >= 0 && !_plan.IsMerged; number--)
        {
            _stages[number].Settle(number + 1 < _stages.Length ? _stages[number + 1] : null, thread, first, last);
        }
    }

    /// <summary>On the batch's own way back, after a layer's activation: adds what the penalty owes to the values before it.</summary>
    public void Join(int place, int first, int last)
    {
        if (_plan.IsMerged && place <= _plan.Last)
        {
            _stages[place].Join(first, last);
        }
    }

    /// <summary>After the passes.</summary>
    public void Complete()
    {
        var stretches = _stretches.Span(0, _norms.Length);
        stretches.Clear();
        for (var row = 0; row < _rows && IsClosed; row++)
        {
            var slopes = new ReadOnlySpan<float>(_stages[0].Slopes + ((long)row * stretches.Length), stretches.Length);
            TensorPrimitives.MultiplyAdd(slopes, slopes, stretches, stretches);
        }

        TensorPrimitives.Multiply(stretches, _gradientWeight, stretches);
    }

    /// <inheritdoc/>
    public void Dispose() => _stretches.Dispose();

    private void Follow(int direction, int thread, int first, int last, double[] losses)
    {
        var block = _plan.BiasBlocks + direction;
        for (var number = _stages.Length - 1; number >= 0; number--)
        {
            _stages[number].Pull(direction, number > 0 ? _stages[number - 1].Pulled : _place, number > 0 ? direction : block, thread, first, last);
        }

        for (var row = first; row < last; row++)
        {
            var values = new Span<float>(Place(block, row), _placeLength);
            if (row < _rows)
            {
                losses[row] += _plan.DirectionWeight * TensorPrimitives.SumOfSquares<float>(values);
            }

            TensorPrimitives.Multiply(values, _gradientWeight, values);
        }

        Array.ForEach(_stages, stage => stage.Lift(direction, thread, first, last));
    }

    private float* Place(int block, int row) => _place + ((((long)block * _stages[0].BlockRows) + row) * _placeStride);

    // Squared norm of the weights of each output: eight inputs by 32 outputs lie together.
    private void Measure()
    {
        var map = _stages[0].Map;
        Array.Clear(_norms);
        for (var panel = 0; panel < map.Panels; panel++)
        {
            var sums = _norms.AsSpan(panel * DenseMap.PanelWidth, DenseMap.PanelWidth);
            for (var input = 0; input < map.Inputs; input++)
            {
                var weights = new ReadOnlySpan<float>(map.Weights + ((long)panel * map.PanelLength) + ((long)input * DenseMap.PanelWidth), DenseMap.PanelWidth);
                TensorPrimitives.MultiplyAdd(weights, weights, sums, sums);
            }
        }
    }
}
