using System.Numerics.Tensors;
using Hourglass.Corruption;
using Hourglass.Data.Stores;
using Hourglass.Engine;
using Hourglass.Kernels;
using Hourglass.Networks.Dense;
using Hourglass.Objectives;
using static TorchSharp.torch;

namespace Hourglass.Training.Steps;

/// <summary>What a step shows the model, what is to be made of it, and the noise of the whole step.</summary>
internal sealed unsafe class FusedInput : IDisposable
{
    private readonly Autoencoder _model;
    private readonly SampleStore _samples;
    private readonly BatchReader _reader;
    private readonly FusedPlan _plan;
    private readonly FusedRoom _room;
    private readonly FusedBottleneck _bottleneck;
    private readonly double _dropout;
    private readonly bool _drawsInput;
    private readonly AlignedFloats? _mask;
    private long[] _indices = [];

    public FusedInput(Autoencoder model, SampleStore samples, BatchReader reader, FusedPlan plan, FusedRoom room, FusedBottleneck bottleneck)
    {
        (_model, _samples, _reader, _plan, _room, _bottleneck) = (model, samples, reader, plan, room, bottleneck);
        _dropout = ((DenseNetworkOptions)model.Options.Network!).InputDropout;
        _drawsInput = model.Options.Corruption is not NoCorruptionOptions || model.Options.Objective is BinaryCrossEntropyOptions { Binarization: not Binarization.None };
        _mask = _dropout > 0 ? new AlignedFloats((long)room.Rows * room.InputStride) : null;
    }

    /// <summary>What is to be made, [row, value].</summary>
    public float* Target => _drawsInput || _mask is not null ? _room.Target : _room.Input;

    /// <summary>Draws by the engine's generator, in automatic differentiation's order: binarisation, corruption, dropout of the input, of the encoder, latents, dropout of the decoder.</summary>
    public void Draw(ReadOnlySpan<long> indices, BatchShare share, double epoch)
    {
        _indices = indices.ToArray();
        if (!_drawsInput && !_plan.Layers.Any(layer => layer.Dropout > 0) && _mask is null && _plan.LogVariance is null)
        {
            return;
        }

        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var context = new StepContext(share.Noise, epoch) { Share = share };
        if (_drawsInput)
        {
            var (input, target) = _model.Shown(_reader.ReadBatch(_indices), context);
            TensorRows.Copy(input, _model.SampleLength, _room.Input, _room.InputStride);
            TensorRows.Copy(target, _model.SampleLength, _room.Target, _room.InputStride);
        }

        if (_mask is not null)
        {
            DrawMask(_dropout, _model.SampleLength, _mask.Pointer, _room.InputStride, context);
        }

        for (var place = 0; place < _plan.Layers.Count; place++)
        {
            var layer = _plan.Layers[place];
            if (place == _plan.LatentLayer)
            {
                _bottleneck.Draw(_indices.Length, context);
            }

            if (layer.Dropout > 0)
            {
                DrawMask(layer.Dropout, layer.Outputs, _room[layer].Mask, _room[layer].Stride, context);
            }
        }
    }

    /// <summary>Brings some rows of the batch into place.</summary>
    public void Gather(int first, int last)
    {
        for (var row = first; row < last; row++)
        {
            var place = (long)row * _room.InputStride;
            var input = new Span<float>(_room.Input + place, _model.SampleLength);
            if (!_drawsInput)
            {
                _samples.Read(_indices[row], 1, input);
            }

            if (_mask is not null)
            {
                if (!_drawsInput)
                {
                    input.CopyTo(new Span<float>(_room.Target + place, _model.SampleLength));
                }

                TensorPrimitives.Multiply(input, new ReadOnlySpan<float>(_mask.Pointer + place, _model.SampleLength), input);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _mask?.Dispose();

    private void DrawMask(double share, int length, float* mask, int stride, StepContext context)
    {
        using var kept = context.Uniform([_indices.Length, length]).ge(HeldScalar.Of(share)).to(ScalarType.Float32) * HeldScalar.Of(1 / (1 - share));
        TensorRows.Copy(kept, length, mask, stride);
    }
}
