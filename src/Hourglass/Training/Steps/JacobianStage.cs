using System.Numerics.Tensors;
using Hourglass.Kernels;

namespace Hourglass.Training.Steps;

/// <summary>One layer under a Jacobian penalty.</summary>
/// <remarks>Rows that weights' gradients are made of stand behind the batch's own, in runs ("blocks") of the batch's padded length: where the map is given values, and where the gradients of what it puts out stand.</remarks>
/// <param name="layer">The layer.</param>
/// <param name="activation">What follows its map.</param>
/// <param name="weights">Of the model.</param>
/// <param name="room">Of the step.</param>
/// <param name="input">What the map is given, [block][row, input].</param>
/// <param name="handedOn">What the next layer is given, likewise; null for the last layer.</param>
/// <param name="plan">The penalty.</param>
internal sealed unsafe class JacobianStage(FusedLayer layer, DenseActivation activation, FusedWeights weights, FusedRoom room, float* input, float* handedOn, JacobianPlan plan)
{
    private readonly DenseKernels _kernels = DenseKernels.Widest;
    private readonly DenseMap _map = weights.Map(layer);
    private readonly DenseMap _back = weights.Back(layer)!.Value;
    private readonly LayerRoom _room = room[layer];
    private readonly int _stride = DenseMap.Stride(layer.Outputs);
    private readonly int _inputStride = DenseMap.Stride(layer.Inputs);
    private readonly bool _isBent = !Curvature.IsZero(activation);
    private readonly float* _ownAfter = plan.IsMerged || handedOn is not null ? null : room.Take(DenseMap.Stride(layer.Outputs));
    private readonly float* _ownBefore = !plan.IsMerged && layer.KeepsBefore ? room.Take(DenseMap.Stride(layer.Outputs)) : null;
    private readonly float* _curvatures = Curvature.IsZero(activation) ? null : room.Take(DenseMap.Stride(layer.Outputs));
    private readonly float* _lifted = handedOn is null ? room.Take(DenseMap.Stride(layer.Outputs)) : null;

    public DenseMap Map => _map;

    public int Outputs => layer.Outputs;

    /// <summary>Slopes of the activation, [row, output].</summary>
    public float* Slopes { get; } = room.Take(DenseMap.Stride(layer.Outputs));

    /// <summary>What the penalty's gradient gains where the activation bends, [row, output].</summary>
    public float* Bends { get; } = room.Take(DenseMap.Stride(layer.Outputs));

    /// <summary>Directions taken back to what the layer hands on, [direction][row, output].</summary>
    public float* Pulled { get; } = room.Take(DenseMap.Stride(layer.Outputs) * plan.Directions);

    /// <summary>Rows of a block.</summary>
    public int BlockRows { get; set; }

    private float* Clean => plan.IsMerged ? _room.After : _ownAfter is not null ? _ownAfter : handedOn + (BlockRows * (long)_stride);

    /// <summary>The pass whose Jacobian is taken, where it is not the batch's own, with slopes and curvatures.</summary>
    public void Forward(int thread, int first, int last)
    {
        if (!plan.IsMerged)
        {
            Run(_map, input + (((long)BlockRows + first) * _inputStride), Clean + ((long)first * _stride), thread, last - first);
            if (_ownBefore is not null)
            {
                Rows(Clean, 0, first, last).CopyTo(Rows(_ownBefore, 0, first, last));
            }

            FusedFunction.Activate(_kernels, activation, layer.Outputs, Clean, first, last);
        }

        var start = (long)first * _stride;
        var before = plan.IsMerged ? _room.Before : _ownBefore;
        before = before is null ? null : before + start;
        Rows(Slopes, 0, first, last).Fill(1);
        _kernels.ActivateBack(activation, before, Clean + start, Slopes + start, (last - first) * _stride);
        Rows(Bends, 0, first, last).Clear();
        if (_isBent)
        {
            Curvature.Of(activation, before, Clean + start, Rows(_curvatures, 0, first, last));
        }
    }

    /// <summary>Takes a direction back through the layer.</summary>
    /// <param name="direction">Which.</param>
    /// <param name="target">Receives it, [direction's block][row, input].</param>
    /// <param name="block">Which block of the target.</param>
    /// <param name="thread">Whose scratch is used.</param>
    /// <param name="first">First row.</param>
    /// <param name="last">After the last.</param>
    public void Pull(int direction, float* target, int block, int thread, int first, int last)
    {
        var slopes = Rows(_room.Gradient, plan.BiasBlocks + direction, first, last);
        TensorPrimitives.Multiply(Rows(Pulled, direction, first, last), Rows(Slopes, 0, first, last), slopes);
        Run(_back, At(_room.Gradient, plan.BiasBlocks + direction, first, _stride), At(target, block, first, _inputStride), thread, last - first);
    }

    /// <summary>Takes the penalty's gradient with respect to what a direction became up through the layer.</summary>
    public void Lift(int direction, int thread, int first, int last)
    {
        if (handedOn is null && !_isBent)
        {
            return; // the directions themselves are not learnt
        }

        var block = plan.BiasBlocks + direction;
        var target = handedOn is null ? At(_lifted, 0, first, _stride) : At(handedOn, block, first, _stride);
        Run(new DenseMap(_map.Inputs, _map.Outputs, _map.Weights, room.Zeros), At(input, block, first, _inputStride), target, thread, last - first);
        var lifted = new Span<float>(target, (last - first) * _stride);
        if (_isBent)
        {
            var bends = Rows(Bends, 0, first, last);
            var pulled = Rows(Pulled, direction, first, last);
            var curvatures = Rows(_curvatures, 0, first, last);
            for (var place = 0; place < bends.Length; place++)
            {
                bends[place] += lifted[place] * pulled[place] * curvatures[place];
            }
        }

        TensorPrimitives.Multiply(lifted, Rows(Slopes, 0, first, last), lifted);
    }

    /// <summary>Puts the bends' gradient, with what the next layer owes, where the map's own stands.</summary>
    public void Settle(JacobianStage? next, int thread, int first, int last)
    {
        var gradient = Rows(_room.Gradient, 1, first, last);
        if (next is null)
        {
            Rows(Bends, 0, first, last).CopyTo(gradient);
            return;
        }

        Run(next._back, At(next._room.Gradient, 1, first, next._stride), At(_room.Gradient, 1, first, _stride), thread, last - first);
        TensorPrimitives.MultiplyAdd(gradient, Rows(Slopes, 0, first, last), Rows(Bends, 0, first, last), gradient);
    }

    /// <summary>Adds the bends to the batch's own gradient, which goes on down.</summary>
    public void Join(int first, int last)
    {
        if (_isBent)
        {
            TensorPrimitives.Add(Rows(_room.Gradient, 0, first, last), Rows(Bends, 0, first, last), Rows(_room.Gradient, 0, first, last));
        }
    }

    /// <summary>Where one map's squared norm is known exactly: a row's penalty, and its bends.</summary>
    /// <param name="row">Which.</param>
    /// <param name="norms">Squared norm of each output's weights.</param>
    /// <param name="gradientWeight">Twice the penalty's weight in the loss.</param>
    /// <returns>The squared norm.</returns>
    public double Close(int row, ReadOnlySpan<float> norms, float gradientWeight)
    {
        var total = 0.0;
        var slopes = Rows(Slopes, 0, row, row + 1);
        var bends = Rows(Bends, 0, row, row + 1);
        for (var output = 0; output < layer.Outputs; output++)
        {
            total += (double)slopes[output] * slopes[output] * norms[output];
            bends[output] = _isBent ? gradientWeight * slopes[output] * norms[output] * _curvatures[((long)row * _stride) + output] : 0;
        }

        return total;
    }

    private void Run(in DenseMap map, float* x, float* y, int thread, int rows) => DenseFusedMap.Run(map, x, y, rows, room.ScratchOf(thread));

    private float* At(float* values, int block, int row, int stride) => values + ((((long)block * BlockRows) + row) * stride);

    private Span<float> Rows(float* values, int block, int first, int last) => new(At(values, block, first, _stride), (last - first) * _stride);
}
