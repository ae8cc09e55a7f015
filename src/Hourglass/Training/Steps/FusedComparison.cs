using System.Numerics.Tensors;
using Hourglass.Kernels;

namespace Hourglass.Training.Steps;

/// <summary>Distances between what was made and what was wanted, and their gradients; of several draws, those of the importance-weighted bound.</summary>
internal sealed unsafe class FusedComparison(FusedPlan plan, FusedObjective objective, FusedInput input, FusedRoom room)
{
    private readonly LayerRoom _output = room[plan.Layers[^1]];

    /// <summary>Compares some rows. Those that only pad the batch have no gradient.</summary>
    /// <param name="thread">Whose scratch is used.</param>
    /// <param name="first">First row.</param>
    /// <param name="last">After the last.</param>
    /// <param name="rows">Rows of the batch.</param>
    /// <param name="scale">What distances are multiplied by in the loss.</param>
    /// <param name="losses">Receive the rows' distances; a tile's are added up as one number, the first row's.</param>
    public void Run(int thread, int first, int last, int rows, float scale, double[] losses)
    {
        var filled = Math.Min(last, rows);
        for (var row = first; row < filled && plan.HasSparseInput; row++)
        {
            losses[row] = Distance(thread, row, row, scale);
        }

        for (var row = first; row < filled && !plan.HasSparseInput; row += DenseMap.TileRows)
        {
            var (start, count) = ((long)row * _output.Stride, Math.Min(DenseMap.TileRows, filled - row));
            losses.AsSpan(row, count).Clear();
            losses[row] = objective.Rows(row, _output.After + start, input.Target + start, _output.Gradient + start, count, scale);
        }

        Clear(filled, last);
    }

    /// <summary>Compares all draws of some rows: each draw counts by its share of the bound.</summary>
    /// <param name="thread">Whose scratch is used.</param>
    /// <param name="first">First row.</param>
    /// <param name="last">After the last.</param>
    /// <param name="rows">Rows of the batch.</param>
    /// <param name="scale">What the bound is multiplied by in the loss.</param>
    /// <param name="draws">Latents' draws, which are told what each counts for.</param>
    /// <param name="losses">Receive the rows' bounds.</param>
    public void RunDraws(int thread, int first, int last, int rows, float scale, FusedDraws draws, double[] losses)
    {
        var (block, filled, logs) = (DenseMap.Padded(rows, DenseMap.TileRows), Math.Min(last, rows), new double[draws.Count]);
        for (var row = first; row < filled; row++)
        {
            for (var draw = 0; draw < logs.Length; draw++)
            {
                logs[draw] = -Distance(thread, row, (draw * block) + row, scale) - draws.Penalty(row, draw);
            }

            var most = TensorPrimitives.Max<double>(logs);
            var sum = logs.Sum(log => Math.Exp(log - most));
            losses[row] = -(most + Math.Log(sum / logs.Length));
            for (var draw = 0; draw < logs.Length; draw++)
            {
                var share = (float)(Math.Exp(logs[draw] - most) / sum);
                var gradient = new Span<float>(_output.Gradient + ((((long)draw * block) + row) * _output.Stride), _output.Stride);
                TensorPrimitives.Multiply(gradient, share, gradient);
                draws.Share(row, draw) = share;
            }
        }

        for (var draw = 0; draw < logs.Length; draw++)
        {
            Clear((draw * block) + filled, (draw * block) + last);
        }
    }

    // What was made stands in a row of its own, what was wanted in the sample's.
    private double Distance(int thread, int row, int made, float scale)
    {
        var start = (long)made * _output.Stride;
        return plan.HasSparseInput
            ? objective.Row(made, _output.After + start, input.TargetPlaces(row), input.TargetValues(row), _output.Gradient + start, scale, room.ScratchOf(thread))
            : objective.Rows(made, _output.After + start, input.Target + ((long)row * _output.Stride), _output.Gradient + start, 1, scale);
    }

    private void Clear(int first, int last)
    {
        if (last > first)
        {
            new Span<float>(_output.Gradient + ((long)first * _output.Stride), (last - first) * _output.Stride).Clear();
        }
    }
}
