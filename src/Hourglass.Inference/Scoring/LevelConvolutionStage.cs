using System.Numerics.Tensors;
using Hourglass.Kernels;

namespace Hourglass.Scoring;

/// <summary>A convolution that keeps a picture's size, a sample at a time: of a picture made larger first by repeating its places, or one whose result is added to what stands in the output.</summary>
/// <param name="map">From patches to places.</param>
/// <param name="plan">What it is.</param>
internal sealed unsafe class LevelConvolutionStage(in DenseMap map, MapPlan plan) : KernelStage(plan.Activation)
{
    private readonly DenseMap _map = map;
    private readonly PatchShape _shape = plan.Patches!.Shape;
    private readonly (int Height, int Width) _given = plan.Patches.Given ?? (plan.Patches.Shape.Height, plan.Patches.Shape.Width);
    private readonly bool _adds = plan.Patches.Adds;
    private readonly bool _isPlanar = plan.Patches.IsPlanarAfter;
    private readonly LayerScale? _scale = plan.Scale;

    public override int Inputs => _given.Height * _given.Width * _shape.PlaceStride;

    public override int Outputs => _shape.Places * (_isPlanar ? _map.Outputs : MadeStride);

    public override long Scratch => PatchProducts.Scratch(_shape, _map.Outputs) + _shape.PictureStride + MadeLength;

    private int MadeStride => DenseMap.Stride(_map.Outputs);

    private long MadeLength => (long)DenseMap.Padded(_shape.Places, DenseMap.TileRows) * MadeStride;

    private bool Resizes => _given != (_shape.Height, _shape.Width);

    /// <inheritdoc/>
    /// <remarks>Where it adds, the output holds what the stage before was given: networks go back and forth between two sides.</remarks>
    public override void Run(float* input, float* output, int count, float* scratch)
    {
        float* larger = scratch, made = scratch + _shape.PictureStride;
        for (var sample = 0; sample < count; sample++)
        {
            float* given = input + ((long)sample * DenseMap.Stride(Inputs)), target = output + ((long)sample * Stride);
            if (Resizes)
            {
                Resize(given, larger);
            }

            PatchProducts.Shrink(_map, _shape, Resizes ? larger : given, made, 0, 1, made + MadeLength);
            _scale?.Apply(made, _shape.Places, MadeStride);
            Hand(made, target);
        }

        Activate(output, count * Stride);
    }

    private void Hand(float* made, float* target)
    {
        if (_isPlanar)
        {
            for (var place = 0; place < _shape.Places; place++)
            {
                for (var channel = 0; channel < _map.Outputs; channel++)
                {
                    target[((long)channel * _shape.Places) + place] = made[((long)place * MadeStride) + channel];
                }
            }

            return;
        }

        Span<float> all = new(target, Outputs), own = new(made, Outputs);
        if (_adds)
        {
            TensorPrimitives.Add<float>(all, own, all);
        }
        else
        {
            own.CopyTo(all);
        }
    }

    // The nearest place, rounded down, with the engine's own arithmetic: a float32 share times the place.
    private void Resize(float* given, float* larger)
    {
        var (down, across) = ((float)_given.Height / _shape.Height, (float)_given.Width / _shape.Width);
        for (var row = 0; row < _shape.Height; row++)
        {
            var source = given + ((long)Math.Min((int)(row * down), _given.Height - 1) * _given.Width * _shape.PlaceStride);
            for (var column = 0; column < _shape.Width; column++, larger += _shape.PlaceStride)
            {
                var place = Math.Min((int)(column * across), _given.Width - 1);
                new ReadOnlySpan<float>(source + ((long)place * _shape.PlaceStride), _shape.PlaceStride).CopyTo(new Span<float>(larger, _shape.PlaceStride));
            }
        }
    }
}
