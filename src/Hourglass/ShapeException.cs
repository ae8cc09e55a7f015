using static TorchSharp.torch;

namespace Hourglass;

/// <summary>A tensor of another shape than the model takes.</summary>
public sealed class ShapeException : HourglassException
{
    /// <summary>Creates the fault.</summary>
    /// <param name="message">Names the tensor, the expected shape and the one that came.</param>
    public ShapeException(string message)
        : base(message)
    {
    }

    /// <summary>Checks [batch, ...shape].</summary>
    internal static void Require(Tensor tensor, string name, IReadOnlyList<int> shape)
    {
        if (tensor.dtype != ScalarType.Float32 || tensor.dim() != shape.Count + 1 || shape.Select((size, axis) => tensor.shape[axis + 1] == size).Contains(false))
        {
            throw new ShapeException(
                $"Autoencoder: {name} must be Float32 of shape [batch, {string.Join(", ", shape)}], got {tensor.dtype} of shape [{string.Join(", ", tensor.shape)}]. Reshape it, with the batch first.");
        }
    }
}
