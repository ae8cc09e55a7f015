using Hourglass.Bundles;
using Hourglass.Kernels;

namespace Hourglass.Scoring;

/// <summary>Linear maps one after another with what follows each, in the kernels' layout.</summary>
internal sealed unsafe class KernelNetwork : IDisposable
{
    private const long MostPadding = 1 << 26; // float32 values that padding may add, so that a small file cannot ask for much memory
    private readonly AlignedFloats _memory;

    private KernelNetwork(List<MapPlan> plans, string path)
    {
        var (held, padded) = (plans.Sum(plan => (long)plan.Weights.Length), plans.Sum(plan => plan.Length));
        if (padded > (2 * held) + MostPadding)
        {
            throw new BundleException($"{path}: {held} weights would take the room of {padded}: layers of {string.Join(", ", plans.Take(8).Select(plan => $"{plan.Inputs} x {plan.Outputs}"))} are too thin for their width.");
        }

        _memory = new AlignedFloats(padded);
        var stages = new List<KernelStage>();
        var next = _memory.Pointer;
        foreach (var plan in plans)
        {
            var map = DenseMap.Over(plan.Inputs, plan.Outputs, next);
            map.Pack(plan.Weights, plan.Bias);
            var bias = next + DenseMap.Length(plan.Inputs, plan.Outputs);
            plan.Patches?.Bias.CopyTo(new Span<float>(bias, plan.Patches.Bias.Length));
            stages.Add(plan.Patches is null ? new DenseStage(map, plan) : plan.Patches.Adds ? new AddedConvolutionStage(map, plan) : new ConvolutionStage(map, plan, bias));
            next += plan.Length;
        }

        Stages = stages;
    }

    /// <summary>In order: the encoder's, the bottleneck's, the decoder's.</summary>
    public IReadOnlyList<KernelStage> Stages { get; }

    /// <summary>Stages that lead to the latents.</summary>
    public required int EncoderStages { get; init; }

    /// <summary>What is done with the last stage's values.</summary>
    public IReadOnlyList<OutputRun> Output { get; private init; } = [];

    /// <summary>Subtracted from every sample before the first map; null for nothing.</summary>
    public float[]? Centre { get; private init; }

    /// <summary>The network of a bundle.</summary>
    /// <exception cref="BundleException">The weights are not those of the layout.</exception>
    public static KernelNetwork Of(KernelLayout layout, IReadOnlyDictionary<string, StoredTensor> tensors, string path)
    {
        var weights = new BundleWeights(tensors, path);
        var encoder = layout.Pictures is { } shown ? PicturePlans.Encoder(layout, shown, weights, Projection(layout)) : Encoder(layout, weights, path);
        var decoder = layout.Pictures is { } made ? PicturePlans.Decoder(layout, made, weights) : layout.TiedWeights ? Backwards(layout, weights) : Decoder(layout, weights);
        weights.RequireAllTaken();
        return new KernelNetwork([.. encoder, .. decoder], path) { EncoderStages = encoder.Count, Output = layout.Output };
    }

    /// <summary>Principal components as a network of two maps.</summary>
    /// <param name="mean">[value].</param>
    /// <param name="components">[component, value].</param>
    /// <param name="count">Components.</param>
    /// <param name="path">For errors.</param>
    public static KernelNetwork OfComponents(float[] mean, float[] components, int count, string path) => new(
        [new MapPlan(components, new float[count], DenseActivation.Linear), new MapPlan(BundleWeights.Transposed(components, count), mean, DenseActivation.Linear)], path)
    {
        EncoderStages = 1,
        Centre = mean,
    };

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private static List<MapPlan> Encoder(KernelLayout layout, BundleWeights weights, string path)
    {
        var (plans, size) = (new List<MapPlan>(), layout.SampleLength);
        foreach (var width in layout.Hidden)
        {
            plans.Add(Hidden("_encoder._layers", plans.Count, size, width, 0, layout, weights));
            size = width;
        }

        if (layout.Bottleneck != "open")
        {
            plans.Add(weights.Map(Projection(layout), size, layout.LatentSize, layout.Classes, layout.LatentActivation) with { Latents = LatentRule.Of(layout, weights) });
        }
        else if (size != layout.LatentSize)
        {
            throw new BundleException($"{path}: an open bottleneck of {layout.LatentSize} latents after {size} features. The file is altered.");
        }

        return plans;
    }

    private static List<MapPlan> Decoder(KernelLayout layout, BundleWeights weights)
    {
        var (plans, size, classes) = (new List<MapPlan>(), layout.LatentSize, layout.Classes);
        foreach (var width in layout.DecoderHidden)
        {
            plans.Add(Hidden("_decoder._layers", plans.Count, size, width, classes, layout, weights));
            (size, classes) = (width, 0);
        }

        plans.Add(weights.Map("_decoder._output", size, layout.SampleLength, classes, layout.OutputActivation));
        return plans;
    }

    // The encoder's maps from last to first, transposed.
    private static List<MapPlan> Backwards(KernelLayout layout, BundleWeights weights)
    {
        var (plans, widths) = (new List<MapPlan>(), (int[])[layout.SampleLength, .. layout.Hidden, layout.LatentSize]);
        for (var layer = widths.Length - 2; layer >= 0; layer--)
        {
            var (isOutput, number) = (layer == 0, plans.Count);
            var name = layer == layout.Hidden.Count ? Projection(layout) : $"_encoder._layers._linears.{layer}";
            var forward = weights.Values(name + ".weight", widths[layer + 1], widths[layer]);
            var plan = new MapPlan(BundleWeights.Transposed(forward, widths[layer + 1]), weights.Values($"_decoder._biases.{number}", widths[layer]), isOutput ? layout.OutputActivation : layout.Activation);
            plans.Add(isOutput ? plan : weights.Normalized(plan, $"_decoder._normalizations.{number}", layout.Normalization));
        }

        return plans;
    }

    private static MapPlan Hidden(string part, int layer, int inputs, int outputs, int ignored, KernelLayout layout, BundleWeights weights) =>
        weights.Normalized(weights.Map($"{part}._linears.{layer}", inputs, outputs, ignored, layout.Activation), $"{part}._normalizations.{layer}", layout.Normalization);

    private static string Projection(KernelLayout layout) => layout.Bottleneck == "gaussian" ? "_bottleneck._mean" : "_bottleneck._projection";
}
