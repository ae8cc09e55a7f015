using System.Numerics.Tensors;
using Hourglass.Kernels;

namespace Hourglass.Training.Steps;

/// <summary>What follows a linear map: its normalisation, activation, a residual block's sum and dropout, there and back.</summary>
/// <param name="layer">The layer.</param>
/// <param name="room">Its part of the step's memory.</param>
/// <param name="normalization">Between the map and the activation; null for nothing.</param>
/// <param name="passedBy">What is added to what the map puts out; null for nothing. Its gradient is that of the sum.</param>
internal sealed unsafe class FusedFunction(FusedLayer layer, LayerRoom room, FusedNormalization? normalization, float* passedBy)
{
    private readonly DenseKernels _kernels = DenseKernels.Widest;

    /// <summary>Between the map and the activation; null for nothing.</summary>
    public FusedNormalization? Normalization => normalization;

    /// <summary>From what the map puts out to what the layer hands on, in place.</summary>
    public void Forward(int first, int last)
    {
        Evaluate(first, last);
        if (room.Mask is not null)
        {
            var (start, count) = ((long)first * room.Stride, (last - first) * room.Stride);
            var values = new Span<float>(room.After + start, count);
            TensorPrimitives.Multiply(values, new ReadOnlySpan<float>(room.Mask + start, count), values);
        }
    }

    /// <summary>The same, but nothing is dropped.</summary>
    public void Evaluate(int first, int last)
    {
        normalization?.Forward(first, last);
        var (start, count) = ((long)first * room.Stride, (last - first) * room.Stride);
        if (room.Before is not null)
        {
            new ReadOnlySpan<float>(room.After + start, count).CopyTo(new Span<float>(room.Before + start, count));
        }

        Activate(_kernels, layer.Activation, layer.RunLength, room.After, first * layer.Runs, last * layer.Runs);
        if (passedBy is not null)
        {
            var sum = new Span<float>(room.After + start, count);
            TensorPrimitives.Add(sum, new ReadOnlySpan<float>(passedBy + start, count), sum);
        }
    }

    /// <summary>From the gradient of what the layer hands on to that of what its activation is given, in place; the normalisation's way back comes after.</summary>
    public void Backward(int first, int last)
    {
        var (start, count) = ((long)first * room.Stride, (last - first) * room.Stride);
        var gradient = new Span<float>(room.Gradient + start, count);
        var before = room.Before + (room.Before is null ? 0 : start);
        if (room.Mask is null)
        {
            _kernels.ActivateBack(layer.Activation, before, room.After + start, room.Gradient + start, count);
            return;
        }

        TensorPrimitives.Multiply(gradient, new ReadOnlySpan<float>(room.Mask + start, count), gradient);
        var values = new Span<float>(room.After + start, count);
        TensorPrimitives.Multiply(values, (float)(1 - layer.Dropout), values); // slopes are of the values before dropout
        _kernels.ActivateBack(layer.Activation, before, room.After + start, room.Gradient + start, count);
        TensorPrimitives.Divide(values, (float)(1 - layer.Dropout), values);
    }

    /// <summary>An activation of some rows; what pads them stays zero.</summary>
    public static void Activate(DenseKernels kernels, DenseActivation activation, int length, float* values, int first, int last)
    {
        var stride = DenseMap.Stride(length);
        kernels.Activate(activation, values + ((long)first * stride), (last - first) * stride);
        var fillsPadding = activation is DenseActivation.Sigmoid or DenseActivation.Softplus && length < stride;
        for (var row = first; fillsPadding && row < last; row++)
        {
            new Span<float>(values + ((long)row * stride) + length, stride - length).Clear();
        }
    }
}
