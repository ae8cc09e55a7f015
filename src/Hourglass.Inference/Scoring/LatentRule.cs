using System.Numerics.Tensors;

namespace Hourglass.Scoring;

/// <summary>Which latents of a row fire, for sparse bottlenecks in evaluation.</summary>
internal abstract class LatentRule
{
    /// <summary>The rule of a bottleneck; null where all latents pass.</summary>
    public static LatentRule? Of(KernelLayout layout, BundleWeights weights) => layout.Bottleneck switch
    {
        "top-k" => new LargestRule(Math.Min(layout.Active, layout.LatentSize)),
        "batch-top-k" => new ThresholdRule(Enumerable.Repeat(weights.Values("_bottleneck._threshold", 1)[0], layout.LatentSize).ToArray()),
        "jump-relu" => new ThresholdRule([.. weights.Values("_bottleneck._logThreshold", layout.LatentSize).Select(MathF.Exp)]),
        "gated" => new GateRule(
            [.. weights.Values("_bottleneck._logScale", layout.LatentSize).Select(MathF.Exp)], weights.Values("_bottleneck._magnitudeShift", layout.LatentSize), weights.Values("_bottleneck._gateShift", layout.LatentSize)),
        _ => null,
    };

    /// <summary>Silences the others in place.</summary>
    /// <param name="latents">One row.</param>
    public abstract void Apply(Span<float> latents);

    // The largest of each row, where positive.
    private sealed class LargestRule(int active) : LatentRule
    {
        public override void Apply(Span<float> latents)
        {
            var kept = new PriorityQueue<int, float>(active);
            var place = 0;
            for (; place < active; place++)
            {
                kept.Enqueue(place, latents[place]);
            }

            kept.TryPeek(out _, out var smallest);
            for (; place < latents.Length; place++)
            {
                if (latents[place] > smallest)
                {
                    kept.EnqueueDequeue(place, latents[place]);
                    kept.TryPeek(out _, out smallest);
                }
            }

            latents.Clear();
            foreach (var (firing, value) in kept.UnorderedItems)
            {
                latents[firing] = MathF.Max(value, 0);
            }
        }
    }

    // What lies above each latent's own threshold.
    private sealed class ThresholdRule(float[] thresholds) : LatentRule
    {
        public override void Apply(Span<float> latents)
        {
            TensorPrimitives.Max(latents, 0, latents);
            for (var place = 0; place < latents.Length; place++)
            {
                latents[place] = latents[place] > thresholds[place] ? latents[place] : 0;
            }
        }
    }

    private sealed class GateRule(float[] scales, float[] magnitudeShifts, float[] gateShifts) : LatentRule
    {
        public override void Apply(Span<float> latents)
        {
            for (var place = 0; place < latents.Length; place++)
            {
                latents[place] = latents[place] + gateShifts[place] > 0 ? MathF.Max((latents[place] * scales[place]) + magnitudeShifts[place], 0) : 0;
            }
        }
    }
}
