using System.Numerics.Tensors;
using Hourglass.Kernels;

namespace Hourglass.Scoring;

/// <summary>One linear map with what follows it, over some rows.</summary>
internal sealed unsafe class DenseStage(in DenseMap map, DensePlan plan)
{
    private readonly DenseMap _map = map;
    private readonly DenseActivation _activation = plan.Activation;
    private readonly LayerScale? _scale = plan.Scale;
    private readonly LatentRule? _latents = plan.Latents;

    /// <summary>Values in.</summary>
    public int Inputs => _map.Inputs;

    /// <summary>Values out.</summary>
    public int Outputs => _map.Outputs;

    /// <summary>Row length of what it puts out.</summary>
    public int Stride => DenseMap.Stride(_map.Outputs);

    /// <summary>Runs it.</summary>
    /// <param name="input">[row, input] with the kernels' stride.</param>
    /// <param name="output">Receives [row, output].</param>
    /// <param name="rows">A multiple of <see cref="DenseMap.TileRows"/>.</param>
    /// <param name="scratch">Room for 8 times the padded inputs.</param>
    public void Run(float* input, float* output, int rows, float* scratch)
    {
        DenseKernels.Widest.Map(_map, input, output, rows, scratch);
        for (var row = 0; row < rows && _scale is not null; row++)
        {
            Standardize(Row(output, row), _scale);
        }

        DenseKernels.Widest.Activate(_activation, output, rows * Stride);
        for (var row = 0; row < rows && _latents is not null; row++)
        {
            _latents.Apply(Row(output, row));
        }
    }

    /// <summary>Whether nothing that follows the map looks at a row as a whole.</summary>
    public bool IsByValue => _scale is null && _latents is null;

    /// <summary>Runs it over a tile of <see cref="RowTiles"/>, to the bits of <see cref="Run"/>; only where it goes by values.</summary>
    /// <param name="input">[input][row].</param>
    /// <param name="output">Receives [output][row], outputs padded to a multiple of 4.</param>
    public void RunTile(float* input, float* output)
    {
        var isRelu = _activation == DenseActivation.Relu;
        DenseKernels.Widest.MapTile(_map, input, output, isRelu);
        if (!isRelu)
        {
            DenseKernels.Widest.Activate(_activation, output, Outputs * RowTiles.TileRows);
        }
    }

    private Span<float> Row(float* values, int row) => new(values + ((long)row * Stride), Outputs);

    // Layer normalisation: Ba et al. 2016, https://arxiv.org/abs/1607.06450; the variance is the biased one.
    private static void Standardize(Span<float> row, LayerScale scale)
    {
        TensorPrimitives.Subtract(row, TensorPrimitives.Sum<float>(row) / row.Length, row);
        var variance = TensorPrimitives.SumOfSquares<float>(row) / row.Length;
        TensorPrimitives.Multiply(row, 1 / MathF.Sqrt(variance + DenseWeights.Epsilon), row);
        TensorPrimitives.MultiplyAdd(row, scale.Gain, scale.Shift, row);
    }
}
