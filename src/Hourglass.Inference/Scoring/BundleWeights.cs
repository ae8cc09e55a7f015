using System.Numerics.Tensors;
using Hourglass.Bundles;
using Hourglass.Kernels;

namespace Hourglass.Scoring;

/// <summary>A map as it is planned, before it is packed for the kernels.</summary>
/// <param name="Weights">[output, input].</param>
/// <param name="Bias">[output].</param>
/// <param name="Activation">Follows the map.</param>
internal sealed record MapPlan(float[] Weights, float[] Bias, DenseActivation Activation)
{
    /// <summary>Values in.</summary>
    public int Inputs => Weights.Length / Bias.Length;

    /// <summary>Values out.</summary>
    public int Outputs => Bias.Length;

    /// <summary>Layer normalisation between map and activation; null for none.</summary>
    public LayerScale? Scale { get; init; }

    /// <summary>Where it is a convolution, whose weights are rows of patches; null for a map of rows.</summary>
    public PatchPlan? Patches { get; init; }

    /// <summary>Values of memory that its weights take in the kernels' layout.</summary>
    public long Length => DenseMap.Length(Inputs, Outputs) + (Patches is null ? 0 : DenseMap.Stride(Patches.Bias.Length));

    /// <summary>Which latents fire, on the stage that makes them; null for all.</summary>
    public LatentRule? Latents { get; init; }
}

/// <summary>What follows a row's own standardisation.</summary>
/// <param name="Gain">[output].</param>
/// <param name="Shift">[output].</param>
internal sealed record LayerScale(float[] Gain, float[] Shift)
{
    /// <summary>Layer normalisation: over a row, or over all channels and places of a picture.</summary>
    /// <param name="values">[place, channel].</param>
    /// <param name="places">How many; 1 for a row.</param>
    /// <param name="stride">From one place to the next.</param>
    public unsafe void Apply(float* values, int places, int stride)
    {
        Standardization.Forward(values, values, places, Gain.Length);
        for (var place = 0; place < places; place++)
        {
            var row = new Span<float>(values + ((long)place * stride), Gain.Length);
            TensorPrimitives.MultiplyAdd(row, Gain, Shift, row);
        }
    }
}

/// <summary>The weights of a bundle, by name and shape, and which of them have been asked for.</summary>
internal sealed class BundleWeights(IReadOnlyDictionary<string, StoredTensor> tensors, string path)
{
    private static readonly string[] Evaluated = ["_encoder.", "_decoder."];
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    /// <summary>Values of a tensor of known shape.</summary>
    /// <exception cref="BundleException">There is none of that name and shape.</exception>
    public float[] Values(string name, params long[] shape)
    {
        _taken.Add(name);
        return tensors.TryGetValue(name, out var stored) && !stored.IsInteger && stored.Shape.SequenceEqual(shape)
            ? stored.Floats
            : throw new BundleException($"{path}: the weights lack '{name}' of shape [{string.Join(", ", shape)}] that model.json asks for. The file is altered.");
    }

    /// <summary>A linear map.</summary>
    /// <param name="name">Of its module.</param>
    /// <param name="inputs">Values in.</param>
    /// <param name="outputs">Values out.</param>
    /// <param name="ignored">Inputs after them that are 0 in scoring.</param>
    /// <param name="activation">Follows it.</param>
    public MapPlan Map(string name, int inputs, int outputs, int ignored, DenseActivation activation)
    {
        var (weights, bias) = (Values(name + ".weight", outputs, inputs + ignored), Values(name + ".bias", outputs));
        return new MapPlan(ignored == 0 ? weights : Columns(weights, outputs, inputs), bias, activation);
    }

    /// <summary>A map with the normalisation that stands before its activation.</summary>
    public MapPlan Normalized(MapPlan plan, string name, string normalization)
    {
        if (normalization == "none")
        {
            return plan;
        }

        var (gain, shift) = (Values(name + ".weight", plan.Outputs), Values(name + ".bias", plan.Outputs));
        return normalization == "layer" ? plan with { Scale = new LayerScale(gain, shift) } : Folded(plan, gain, shift, Values(name + ".running_mean", plan.Outputs), Values(name + ".running_var", plan.Outputs));
    }

    /// <summary>[column, row] of [row, column].</summary>
    public static float[] Transposed(ReadOnlySpan<float> values, int rows)
    {
        var (columns, result) = (values.Length / rows, new float[values.Length]);
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                result[(column * rows) + row] = values[(row * columns) + column];
            }
        }

        return result;
    }

    /// <summary>Refuses weights of encoder or decoder that no layer has asked for: they would be left out silently.</summary>
    /// <exception cref="BundleException">There is one.</exception>
    public void RequireAllTaken()
    {
        if (tensors.Keys.FirstOrDefault(name => Array.Exists(Evaluated, part => name.StartsWith(part, StringComparison.Ordinal)) && !_taken.Contains(name) && !name.EndsWith(".num_batches_tracked", StringComparison.Ordinal)) is { } extra)
        {
            throw new BundleException($"{path}: the weights hold '{extra}', which model.json has no place for. The file is altered.");
        }
    }

    private static float[] Columns(float[] weights, int rows, int kept)
    {
        var (columns, result) = (weights.Length / rows, new float[rows * kept]);
        for (var row = 0; row < rows; row++)
        {
            weights.AsSpan(row * columns, kept).CopyTo(result.AsSpan(row * kept));
        }

        return result;
    }

    // In evaluation the statistics are constants: (W x + b - mean) gain / sqrt(variance) + shift is a linear map again.
    private static MapPlan Folded(MapPlan plan, float[] gain, float[] shift, float[] mean, float[] variance)
    {
        var (weights, bias) = (new float[plan.Weights.Length], new float[plan.Outputs]);
        for (var output = 0; output < plan.Outputs; output++)
        {
            var factor = gain[output] / MathF.Sqrt(variance[output] + Standardization.Epsilon);
            var row = (output * plan.Inputs)..((output + 1) * plan.Inputs);
            TensorPrimitives.Multiply(plan.Weights.AsSpan(row), factor, weights.AsSpan(row));
            bias[output] = ((plan.Bias[output] - mean[output]) * factor) + shift[output];
        }

        return plan with { Weights = weights, Bias = bias };
    }
}
