using System.Numerics.Tensors;
using Hourglass.Kernels;

namespace Hourglass.Training.Steps;

/// <summary>One convolution at work on a batch: patches are gathered, or scattered, a few places at a time.</summary>
internal sealed unsafe class ConvolutionMap : FusedMap
{
    private readonly FusedRoom _room;
    private readonly LayerRoom _own;
    private readonly PatchShape _patches;
    private readonly bool _grows;
    private readonly float* _input;
    private readonly float* _inputGradient;
    private readonly float* _passedBy;
    private readonly float* _slopes; // of each sample's bias
    private readonly DenseKernels _kernels = DenseKernels.Widest;

    /// <summary>Takes a layer's weights and the step's memory.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="weights">Of the model.</param>
    /// <param name="room">Of the step.</param>
    /// <param name="input">What the map is given.</param>
    /// <param name="inputGradient">Receives its gradient; null where none is handed on.</param>
    /// <param name="passedBy">Gradient that reaches the input past the map, of a residual block's sum; null for none.</param>
    public ConvolutionMap(FusedLayer layer, FusedWeights weights, FusedRoom room, float* input, float* inputGradient, float* passedBy = null)
        : base(layer)
    {
        (_room, _own) = (room, room[layer]);
        _input = input;
        _inputGradient = inputGradient;
        _passedBy = passedBy;
        (_patches, _grows) = (layer.Convolution!.Patches, layer.Convolution.Grows);
        (Map, Back) = (weights.Map(layer), weights.Back(layer));
        Bias = new DenseMap(0, layer.BiasLength, null, weights.Bias(layer));
        _slopes = room.Take(DenseMap.Stride(layer.BiasLength));
    }

    /// <summary>From patches of the larger picture to places of the smaller.</summary>
    public DenseMap Map { get; }

    /// <summary>From places to patches, without bias; null for a first convolution.</summary>
    public DenseMap? Back { get; }

    /// <summary>A map of nothing but the bias.</summary>
    public DenseMap Bias { get; }

    /// <summary>Of the larger picture.</summary>
    public PatchShape Patches => _patches;

    /// <summary>The side that patches are taken of for the gradient of the weights: what the map was given, or, where it grows, the gradient of what it put out.</summary>
    public float* Large => _grows ? _own.Gradient : _input;

    /// <summary>The other side, [place, channel].</summary>
    public float* Small => _grows ? _input : _own.Gradient;

    /// <summary>Gradient of each sample's bias, [sample, channel].</summary>
    public float* Slopes => _slopes;

    public override void Forward(int thread, int first, int last)
    {
        if (_grows)
        {
            Grow(thread, first, last, _input, _own.After, Bias.Bias, null);
        }
        else
        {
            Shrink(thread, first, last, _input, _own.After);
        }
    }

    public override void Backward(int thread, int first, int last)
    {
        for (var sample = first; sample < last; sample++)
        {
            SumSlopes(sample);
        }

        if (_inputGradient is not null && _grows)
        {
            Shrink(thread, first, last, _own.Gradient, _inputGradient);
        }
        else if (_inputGradient is not null)
        {
            Grow(thread, first, last, _own.Gradient, _inputGradient, null, _passedBy);
        }
    }

    /// <summary>Values of scratch that a thread needs.</summary>
    public static long Scratch(FusedLayer layer) => PatchProducts.Scratch(layer.Convolution!.Patches, layer.Convolution.SmallChannels, ConvolutionUpdate.Chunk(layer));

    private void Shrink(int thread, int first, int last, float* large, float* small) => PatchProducts.Shrink(Map, _patches, large, small, first, last, _room.ScratchOf(thread));

    private void Grow(int thread, int first, int last, float* small, float* large, float* bias, float* others) => PatchProducts.Grow(Back!.Value, _patches, small, large, bias, first, last, _room.ScratchOf(thread), others);

    private void SumSlopes(int sample)
    {
        var target = _slopes + ((long)sample * DenseMap.Stride(Layer.BiasLength));
        var gradient = _own.Gradient + ((long)sample * _own.Stride);
        if (!_grows || !_patches.IsPlanar)
        {
            _kernels.BiasGradient(Bias, gradient, Layer.Runs, new KeepRule(Bias.Bias, target, default, isFirst: true));
            return;
        }

        var places = _patches.Height * _patches.Width;
        for (var channel = 0; channel < _patches.Channels; channel++)
        {
            target[channel] = TensorPrimitives.Sum(new ReadOnlySpan<float>(gradient + ((long)channel * places), places));
        }
    }
}
