using System.Numerics.Tensors;
using Hourglass.Kernels;

namespace Hourglass.Scoring;

/// <summary>The convolution that ends a residual block, a sample at a time: its result is added to what stands in the output.</summary>
/// <param name="map">From patches to places.</param>
/// <param name="plan">What it is.</param>
internal sealed unsafe class AddedConvolutionStage(in DenseMap map, MapPlan plan) : KernelStage(plan.Activation)
{
    private readonly DenseMap _map = map;
    private readonly PatchShape _shape = plan.Patches!.Shape;

    public override int Inputs => _shape.PictureLength;

    public override int Outputs => _shape.PictureLength;

    public override long Scratch => PatchProducts.Scratch(_shape, _map.Outputs) + MadeLength;

    private long MadeLength => (long)DenseMap.Padded(_shape.Places, DenseMap.TileRows) * _shape.PlaceStride;

    /// <inheritdoc/>
    /// <remarks>The output holds what the stage before was given: networks go back and forth between two sides.</remarks>
    public override void Run(float* input, float* output, int count, float* scratch)
    {
        for (var sample = 0; sample < count; sample++)
        {
            PatchProducts.Shrink(_map, _shape, input + ((long)sample * Stride), scratch, 0, 1, scratch + MadeLength);
            Span<float> all = new(output + ((long)sample * Stride), Outputs), own = new(scratch, Outputs);
            TensorPrimitives.Add<float>(all, own, all);
        }

        Activate(output, count * Stride);
    }
}
