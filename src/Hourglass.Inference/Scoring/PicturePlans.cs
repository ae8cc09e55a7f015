using Hourglass.Kernels;

namespace Hourglass.Scoring;

/// <summary>The maps of a convolutional model, from a bundle's weights.</summary>
internal static class PicturePlans
{
    /// <summary>Convolutions, then the map to the latents.</summary>
    public static List<MapPlan> Encoder(KernelLayout layout, PictureLayers layers, BundleWeights weights, string projection)
    {
        var plans = new List<MapPlan>();
        for (var layer = 0; layer < layers.Channels.Count - 1; layer++)
        {
            var (given, made) = (layers.Channels[layer], layers.Channels[layer + 1]);
            var plan = Convolution($"_encoder._convolutions.{layer}", given, made, layers.KernelSize, layout.Activation, weights);
            plans.Add(weights.Normalized(plan, $"_encoder._normalizations.{layer}", layout.Normalization) with { Patches = new PatchPlan(layers.Patches(layer, given), Grows: false, []) });
            AddBlocks(plans, "_encoder", layer, PatchShape.Level(made, layers.Sizes[layer + 1], PatchShape.BlockSide), layout, layers, weights);
        }

        var order = layers.Order(layers.Channels[^1]);
        var toLatents = weights.Map(projection, order.Count(value => value >= 0), layout.LatentSize, layout.Classes, layout.LatentActivation);
        plans.Add(toLatents with { Weights = Transposed(Rows(Transposed(toLatents.Weights, layout.LatentSize), order, layout.LatentSize), order.Length), Latents = LatentRule.Of(layout, weights) });
        return plans;
    }

    /// <summary>The map from the latents, then transposed convolutions.</summary>
    public static List<MapPlan> Decoder(KernelLayout layout, PictureLayers layers, BundleWeights weights)
    {
        var order = layers.Order(layers.DecoderChannels[0]);
        var expand = weights.Map("_decoder._expand", layout.LatentSize, order.Count(value => value >= 0), layout.Classes, layout.Activation);
        var plans = new List<MapPlan> { expand with { Weights = Rows(expand.Weights, order, layout.LatentSize), Bias = Rows(expand.Bias, order, 1) } };
        for (var layer = 0; layer < layers.DecoderChannels.Count - 1; layer++)
        {
            AddBlocks(plans, "_decoder", layer, PatchShape.Level(layers.DecoderChannels[layer], layers.Sizes[^(layer + 1)], PatchShape.BlockSide), layout, layers, weights);
            plans.Add(Grown(layout, layers, weights, layer));
        }

        return plans;
    }

    // x + closing(activation(normalised(first(x)))), so many times: the second map adds to what the first was given.
    private static void AddBlocks(List<MapPlan> plans, string coder, int layer, PatchShape shape, KernelLayout layout, PictureLayers layers, BundleWeights weights)
    {
        for (var block = layer * layers.Blocks; block < (layer + 1) * layers.Blocks; block++)
        {
            var name = $"{coder}._blocks.{block}";
            var first = Convolution($"{name}._first", shape.Channels, shape.Channels, PatchShape.BlockSide, layout.Activation, weights);
            plans.Add(weights.Normalized(first, $"{name}._normalizations.0", layout.Normalization) with { Patches = new PatchPlan(shape, Grows: false, []) });
            plans.Add(Convolution($"{name}._closing", shape.Channels, shape.Channels, PatchShape.BlockSide, DenseActivation.Linear, weights) with { Patches = new PatchPlan(shape, Grows: false, []) { Adds = true } });
        }
    }

    private static MapPlan Convolution(string name, int given, int made, int side, DenseActivation activation, BundleWeights weights) =>
        new(PatchRows(weights.Values(name + ".weight", made, given, side, side), made, given), weights.Values(name + ".bias", made), activation);

    // Normalisation is per channel of what is made, so it is folded into [made][given, place] before patches are laid out.
    private static MapPlan Grown(KernelLayout layout, PictureLayers layers, BundleWeights weights, int layer)
    {
        var (isLast, level) = (layer == layers.DecoderChannels.Count - 2, layers.Sizes.Count - 2 - layer);
        var (given, made, square, name) = (layers.DecoderChannels[layer], layers.DecoderChannels[layer + 1], layers.KernelSize * layers.KernelSize, $"_decoder._layers.{layer}");
        var rows = layers.Resizes ? weights.Values(name + ".weight", made, given, layers.KernelSize, layers.KernelSize) : MadeFirst(weights.Values(name + ".weight", given, made, layers.KernelSize, layers.KernelSize), given, made);
        var plan = new MapPlan(rows, weights.Values(name + ".bias", made), isLast ? layout.OutputActivation : layout.Activation);
        plan = isLast ? plan : weights.Normalized(plan, $"_decoder._normalizations.{layer}", layout.Normalization);
        var patches = new float[rows.Length]; // [place, made][given]
        for (var value = 0; value < patches.Length; value++)
        {
            var (channel, within) = Math.DivRem(value, given * square);
            var (one, place) = Math.DivRem(within, square);
            place = layers.Resizes ? square - 1 - place : place; // what a place adds to a resized picture is the kernel turned round
            patches[(((place * made) + channel) * given) + one] = plan.Weights[value];
        }

        return new MapPlan(patches, new float[square * made], plan.Activation)
        {
            Scale = plan.Scale,
            Patches = new PatchPlan(layers.Grown(level, made), Grows: true, [.. plan.Bias, .. new float[DenseMap.Stride(made) - made]]),
        };
    }

    // [made][given][place] of a transposed convolution's [given][made][place].
    private static float[] MadeFirst(float[] kernels, int given, int made)
    {
        var (rows, square) = (new float[kernels.Length], kernels.Length / given / made);
        for (var value = 0; value < rows.Length; value++)
        {
            var (one, within) = Math.DivRem(value, made * square);
            var (channel, place) = Math.DivRem(within, square);
            rows[(((channel * given) + one) * square) + place] = kernels[value];
        }

        return rows;
    }

    // The model's kernels lie [made][given][place], patches [place][given].
    private static float[] PatchRows(float[] kernels, int made, int given)
    {
        var (length, rows) = (kernels.Length / made, new float[kernels.Length]);
        for (var row = 0; row < made; row++)
        {
            Transposed(kernels.AsSpan(row * length, length).ToArray(), given).CopyTo(rows, row * length);
        }

        return rows;
    }

    private static float[] Transposed(float[] values, int rows) => BundleWeights.Transposed(values, rows);

    // Rows in another order, with zeros between them.
    private static float[] Rows(float[] values, int[] order, int width)
    {
        var rows = new float[order.Length * width];
        for (var row = 0; row < order.Length; row++)
        {
            if (order[row] >= 0)
            {
                values.AsSpan(order[row] * width, width).CopyTo(rows.AsSpan(row * width));
            }
        }

        return rows;
    }
}

/// <summary>How a map's patches lie in pictures.</summary>
/// <param name="Shape">Of the larger picture.</param>
/// <param name="Grows">Whether the map leads from the smaller picture to the larger.</param>
/// <param name="Bias">Of the larger picture's channels, padded as a place is, where it grows.</param>
internal sealed record PatchPlan(PatchShape Shape, bool Grows, float[] Bias)
{
    /// <summary>Whether the result is added to what the stage before was given.</summary>
    public bool Adds { get; init; }
}
