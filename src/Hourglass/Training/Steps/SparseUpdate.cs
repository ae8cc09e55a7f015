using System.Numerics.Tensors;
using Hourglass.Kernels;

namespace Hourglass.Training.Steps;

/// <summary>Gradients of a map with rows of weights, made and used up a row at a time.</summary>
internal sealed unsafe class SparseUpdate(SparseFusedMap map, FusedWeights weights, FusedRoom room, WeightPenalty penalty, bool isPulled)
{
    private const int Block = DenseMap.PanelWidth; // rows that a thread takes at once
    private readonly FusedLayer _layer = map.Layer;
    private readonly DenseKernels _kernels = DenseKernels.Widest;
    private readonly int _blocks = (map.Layer.RowCount + Block - 1) / Block;
    private int _rows;

    /// <summary>What is made up for later, where rows may miss steps; null where none do.</summary>
    public LazyRows? Lazy { get; } = map.MayMissSteps ? new LazyRows(map, weights, room, isPulled) : null;

    /// <summary>Makes up for missed steps of a thread's share of the rows.</summary>
    /// <param name="steps">Those that are remembered.</param>
    /// <param name="thread">Which thread.</param>
    /// <param name="threads">Of how many.</param>
    /// <param name="isBatch">Whether only the rows that the batch uses need them.</param>
    public void CatchUp<TRule>(List<TRule> steps, int thread, int threads, bool isBatch)
        where TRule : struct, IGradientRule
    {
        for (var block = thread; block < _blocks; block += threads)
        {
            for (var column = block * Block; column < Math.Min((block + 1) * Block, map.Columns); column++)
            {
                if (!isBatch || map.RowsOf(column).Length > 0)
                {
                    Lazy!.CatchUp(column, steps);
                }
            }
        }
    }

    /// <summary>After both passes, before the threads set out.</summary>
    public void Begin(int rows)
    {
        _rows = map.Offset > 0 && rows > 0 ? map.Offset + rows : rows;
        map.Turn(rows);
    }

    /// <summary>Hands a thread's share of the gradients to a rule.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="withoutPenalty">The same without penalties, for gradients that hold them already.</param>
    /// <param name="thread">Which thread.</param>
    /// <param name="threads">Of how many.</param>
    /// <param name="isStep">Whether the rule changes the weights, so that constraints apply.</param>
    public void Run<TRule>(TRule rule, TRule withoutPenalty, int thread, int threads, bool isStep)
        where TRule : struct, IGradientRule
    {
        var gradient = room.ScratchOf(thread);
        for (var block = thread; block < _blocks; block += threads)
        {
            for (var column = block * Block; column < Math.Min((block + 1) * Block, _layer.RowCount); column++)
            {
                if (isStep && Misses(column))
                {
                    continue;
                }

                var row = RowOf(column);
                Gradient(column, gradient);
                if (isStep && _layer.HasUnitRows)
                {
                    _kernels.Apply(row, gradient, map.Stride, isBias: false, new KeepRule(row, gradient, penalty, isFirst: true));
                    Step(row, gradient, withoutPenalty);
                }
                else
                {
                    _kernels.Apply(row, gradient, map.Stride, isBias: false, rule);
                }
            }

            Finish(block, gradient, rule);
        }
    }

    /// <summary>Applies a rule to a thread's share of gradients that were kept.</summary>
    public void Apply<TRule>(TRule rule, int thread, int threads)
        where TRule : struct, IGradientRule
    {
        var kept = weights.Gradients - weights.Values;
        for (var block = thread; block < _blocks; block += threads)
        {
            for (var column = block * Block; column < Math.Min((block + 1) * Block, _layer.RowCount); column++)
            {
                var row = RowOf(column);
                Step(row, row + kept, rule);
                Lazy?.Stir(column);
            }

            Renew(block);
        }

        if (thread == 0)
        {
            _kernels.Apply(map.Bias, map.Bias + kept, DenseMap.Stride(_layer.Outputs), isBias: true, rule);
        }
    }

    // A row without entries misses the step; another takes it now.
    private bool Misses(int column)
    {
        if (Lazy is null)
        {
            return false;
        }

        if (column >= map.Columns || map.RowsOf(column).Length == 0)
        {
            return true;
        }

        Lazy.Use(column);
        return false;
    }

    private float* RowOf(int column) => map.Rows + ((long)column * map.Stride);

    private void Gradient(int column, float* gradient)
    {
        if (column < map.Columns)
        {
            _kernels.Combine(map.Others, map.Stride, map.RowsOf(column), map.FactorsOf(column), room.Zeros, gradient);
        }
        else
        {
            new Span<float>(gradient, map.Stride).Clear();
        }
    }

    // The part of a gradient that is parallel to a unit row only stretches it; the row gets unit norm again after the step.
    private void Step<TRule>(float* row, float* gradient, TRule rule)
        where TRule : struct, IGradientRule
    {
        var values = new Span<float>(row, map.Stride);
        var slopes = new Span<float>(gradient, map.Stride);
        if (_layer.HasUnitRows)
        {
            TensorPrimitives.MultiplyAdd(values, -TensorPrimitives.Dot<float>(values, slopes), slopes, slopes);
        }

        _kernels.Apply(row, gradient, map.Stride, isBias: false, rule);
        if (_layer.HasUnitRows)
        {
            TensorPrimitives.Divide(values, Math.Max(TensorPrimitives.Norm<float>(values), 1e-12f), values);
        }
    }

    private void Finish<TRule>(int block, float* gradient, TRule rule)
        where TRule : struct, IGradientRule
    {
        if (_layer.Layout == WeightLayout.RowsOfOutputs)
        {
            for (var within = 0; within < Block; within++)
            {
                var column = (block * Block) + within;
                gradient[within] = column < map.Columns ? TensorPrimitives.Sum(map.FactorsOf(column)) : 0;
            }

            _kernels.Apply(map.Bias + (block * Block), gradient, Block, isBias: true, rule);
        }
        else if (block == 0)
        {
            _kernels.BiasGradient(weights.Map(_layer), room[_layer].Gradient, _rows, rule);
        }

        Renew(block);
    }

    private void Renew(int block)
    {
        if (_layer.Layout == WeightLayout.RowsOfOutputs)
        {
            weights.FillPanel(_layer, block);
        }
    }
}
