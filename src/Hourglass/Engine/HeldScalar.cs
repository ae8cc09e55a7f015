using System.Collections.Concurrent;
using TorchSharp;
using static TorchSharp.torch;

namespace Hourglass.Engine;

/// <summary>Numbers handed to the engine that the garbage collector cannot take away while a native call still reads them.</summary>
/// <remarks>TorchSharp turns a double argument into a Scalar object that nothing holds once its handle is read; its finaliser may
/// free it in the middle of the call (seen: "Expected false to be true" from Scalar.h). Constants of a model are therefore kept for
/// good here; numbers that change from step to step go in as tensors.</remarks>
internal static class HeldScalar
{
    private static readonly ConcurrentDictionary<double, Scalar> Kept = new();

    /// <summary>The engine's form of a constant.</summary>
    public static Scalar Of(double value) => Kept.GetOrAdd(value, number => ((float)number).ToScalar());

    /// <summary>Each value times itself; TorchSharp's own square makes a number of its own for the exponent.</summary>
    public static Tensor Squared(this Tensor values) => values.pow(Of(2));
}
