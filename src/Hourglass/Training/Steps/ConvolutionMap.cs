using System.Numerics.Tensors;
using Hourglass.Kernels;

namespace Hourglass.Training.Steps;

/// <summary>One convolution at work on a batch: patches are gathered, or scattered, a few places at a time.</summary>
internal sealed unsafe class ConvolutionMap : FusedMap
{
    private const int ShortPatch = 64; // values: as many places' patches as a block has then fit in half of the first cache
    private readonly FusedRoom _room;
    private readonly LayerRoom _own;
    private readonly PatchShape _patches;
    private readonly bool _grows;
    private readonly float* _input;
    private readonly float* _inputGradient;
    private readonly float* _slopes; // of each sample's bias
    private readonly int _smallStride;
    private readonly DenseKernels _kernels = DenseKernels.Widest;

    public ConvolutionMap(FusedLayer layer, FusedWeights weights, FusedRoom room, float* input, float* inputGradient)
        : base(layer)
    {
        (_room, _own) = (room, room[layer]);
        _input = input;
        _inputGradient = inputGradient;
        (_patches, _grows, _smallStride) = (layer.Convolution!.Patches, layer.Convolution.Grows, DenseMap.Stride(layer.Convolution.SmallChannels));
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
            Grow(thread, first, last, _input, _own.After, Bias.Bias);
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
            Grow(thread, first, last, _own.Gradient, _inputGradient, null);
        }
    }

    /// <summary>Values of scratch that a thread needs.</summary>
    public static long Scratch(FusedLayer layer)
    {
        var (patch, small) = (DenseMap.Stride(layer.MapInputs), DenseMap.Stride(layer.MapOutputs));
        var product = layer.IsLarge ? DenseKernels.BlockRows * DenseKernels.BlockInputs : DenseMap.TileRows * Math.Max(patch, small);
        return product + ((long)Math.Max(DenseKernels.BlockRows, ConvolutionUpdate.Chunk(layer)) * patch);
    }

    // From larger pictures to smaller ones.
    private void Shrink(int thread, int first, int last, float* large, float* small)
    {
        var patches = _room.ScratchOf(thread);
        var block = Block(Map);
        var scratch = patches + ((long)block * DenseMap.Stride(Map.Inputs));
        var end = (long)last * _patches.Places;
        for (var place = (long)first * _patches.Places; place < end; place += block)
        {
            var count = (int)Math.Min(block, end - place);
            _kernels.Gather(_patches, large, place, count, 0, Map.PaddedInputs, patches);
            DenseFusedMap.Run(Map, patches, small + (place * _smallStride), count, scratch);
        }
    }

    // From smaller pictures to larger ones, which start from the bias, or from nothing.
    private void Grow(int thread, int first, int last, float* small, float* large, float* bias)
    {
        var back = Back!.Value;
        var patches = _room.ScratchOf(thread);
        var block = Block(back);
        var scratch = patches + ((long)block * DenseMap.Stride(Map.Inputs));
        var (end, started) = ((long)last * _patches.Places, first);
        for (var place = (long)first * _patches.Places; place < end; place += block)
        {
            var count = (int)Math.Min(block, end - place);
            for (; (long)started * _patches.Places < place + count; started++)
            {
                Start(large + ((long)started * _patches.PictureStride), bias);
            }

            DenseFusedMap.Run(back, small + (place * _smallStride), patches, count, scratch);
            _kernels.Scatter(_patches, patches, place, count, large);
        }
    }

    // Places whose patches are made at once: few, so that they stay in the first cache, unless they are short, or the weights fit no cache.
    private int Block(in DenseMap map) => map.IsLarge || Map.Inputs <= ShortPatch ? DenseKernels.BlockRows : DenseMap.TileRows;

    private void Start(float* picture, float* bias)
    {
        var places = _patches.Height * _patches.Width;
        if (bias is null)
        {
            new Span<float>(picture, _patches.PictureLength).Clear();
        }
        else if (_patches.IsPlanar)
        {
            for (var channel = 0; channel < _patches.Channels; channel++)
            {
                new Span<float>(picture + ((long)channel * places), places).Fill(bias[channel]);
            }
        }
        else
        {
            var values = new ReadOnlySpan<float>(bias, _patches.PlaceStride);
            for (var place = 0; place < places; place++)
            {
                values.CopyTo(new Span<float>(picture + ((long)place * _patches.PlaceStride), values.Length));
            }
        }
    }

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
