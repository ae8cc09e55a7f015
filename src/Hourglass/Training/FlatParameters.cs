using Hourglass.Engine;
using static TorchSharp.torch;

namespace Hourglass.Training;

/// <summary>All parameters of a model as views into one buffer, and all gradients into another.</summary>
/// <remarks>The optimiser, clipping, penalties and checkpoints then work on one contiguous float32 vector.</remarks>
public sealed class FlatParameters : IDisposable
{
    private readonly List<(string Name, Tensor Tensor)> _buffers;

    /// <summary>Moves a model's parameters into one buffer; the model goes on working, on views.</summary>
    /// <param name="model">The model, on the device where it stays.</param>
    public FlatParameters(nn.Module model)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var parameters = model.named_parameters().ToList();
        var device = parameters[0].parameter.device;
        var length = parameters.Sum(entry => Aligned(entry.parameter.numel()));
        Values = zeros(length, device: device).MoveToOuterDisposeScope();
        Gradients = zeros(length, device: device).MoveToOuterDisposeScope();
        WeightMask = zeros(length, device: device).MoveToOuterDisposeScope();
        Values.DetachFromDisposeScope();
        Gradients.DetachFromDisposeScope();
        WeightMask.DetachFromDisposeScope();
        var layout = new List<ParameterPlace>();
        var offset = 0L;
        foreach (var (name, parameter) in parameters)
        {
            var (count, shape) = (parameter.numel(), parameter.shape);
            var view = Values.narrow(0, offset, count);
            view.copy_(parameter.flatten());
            parameter.set_(view.view(shape));
            parameter.grad = Gradients.narrow(0, offset, count).view(shape);
            if (shape.Length > 1)
            {
                WeightMask.narrow(0, offset, count).fill_(HeldScalar.Of(1));
            }

            layout.Add(new ParameterPlace(name, shape, offset, count));
            offset += Aligned(count);
        }

        Layout = layout;
        _buffers = [.. model.named_buffers().Select(entry => (entry.Item1, entry.Item2))];
    }

    /// <summary>All parameters, [total].</summary>
    public Tensor Values { get; }

    /// <summary>All gradients, [total].</summary>
    public Tensor Gradients { get; }

    /// <summary>1 for weights, 0 for biases and normalisation, [total]: what weight penalties touch.</summary>
    public Tensor WeightMask { get; }

    /// <summary>Where each parameter stands.</summary>
    public IReadOnlyList<ParameterPlace> Layout { get; }

    /// <summary>State that is not trained by gradients: running statistics.</summary>
    public IReadOnlyList<(string Name, Tensor Tensor)> Buffers => _buffers;

    /// <summary>Where the parameter of a name stands.</summary>
    public ParameterPlace Place(string name) => Layout.First(place => place.Name == name);

    // Each parameter starts at 64 bytes, as the engine's own allocations do: kernels then round alike from run to run.
    private static long Aligned(long count) => (count + 15) / 16 * 16;

    /// <summary>A copy of parameters and buffers.</summary>
    public WeightSnapshot Snapshot()
    {
        using var noGrad = no_grad();
        return new WeightSnapshot(Values.clone().DetachFromDisposeScope(), [.. _buffers.Select(buffer => buffer.Tensor.clone().DetachFromDisposeScope())]);
    }

    /// <summary>Puts a copy back.</summary>
    /// <param name="snapshot">From <see cref="Snapshot"/> of the same model.</param>
    public void Restore(WeightSnapshot snapshot)
    {
        using var noGrad = no_grad();
        Values.copy_(snapshot.Values);
        foreach (var (buffer, copy) in _buffers.Zip(snapshot.Buffers))
        {
            buffer.Tensor.copy_(copy);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Values.Dispose();
        Gradients.Dispose();
        WeightMask.Dispose();
        _buffers.Clear();
    }
}

/// <summary>One parameter's place in the flat buffer.</summary>
/// <param name="Name">Path in the model.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Offset">First value.</param>
/// <param name="Count">Values.</param>
public sealed record ParameterPlace(string Name, long[] Shape, long Offset, long Count);

/// <summary>A copy of a model's state.</summary>
/// <param name="Values">All parameters, [total].</param>
/// <param name="Buffers">Running statistics, in the model's order.</param>
public sealed record WeightSnapshot(Tensor Values, IReadOnlyList<Tensor> Buffers) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        Values.Dispose();
        foreach (var buffer in Buffers)
        {
            buffer.Dispose();
        }
    }
}
