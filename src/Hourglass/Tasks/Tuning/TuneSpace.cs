using Hourglass.Bottlenecks;
using Hourglass.Corruption;
using Hourglass.Networks;
using Hourglass.Networks.Dense;

namespace Hourglass.Tasks.Tuning;

/// <summary>What tuning may choose: depth, width, activation, normalisation, bottleneck, noise, step size, batch. What the user chose stays.</summary>
internal static class TuneSpace
{
    private static readonly int[] Widths = [64, 128, 256, 512, 1024];
    private static readonly Activation[] Activations = [Activation.Relu, Activation.Silu, Activation.Elu, Activation.Tanh];
    private static readonly int[] Batches = [32, 64, 128, 256];

    /// <summary>Candidates: first the defaults, then seeded draws.</summary>
    /// <param name="start">Complete options; slots that the user left open are varied.</param>
    /// <param name="wish">The user's own options.</param>
    /// <param name="count">How many.</param>
    /// <param name="seed">Seed of the draws.</param>
    public static IReadOnlyList<AutoencoderOptions> Draw(AutoencoderOptions start, AutoencoderOptions wish, int count, int seed)
    {
        var random = new Random(seed);
        var candidates = new List<AutoencoderOptions> { start };
        while (candidates.Count < count)
        {
            var drawn = start with
            {
                Network = wish.Network ?? Network(random),
                Bottleneck = wish.Bottleneck is DeterministicOptions { L1: 0, KlRho: 0, L2: 0 } ? Bottleneck(random) : wish.Bottleneck,
                Corruption = wish.Corruption is NoCorruptionOptions ? Corruption(random) : wish.Corruption,
                Training = start.Training with
                {
                    LearningRate = wish.Training.LearningRate ?? Math.Round(Math.Exp(Math.Log(3e-4) + (random.NextDouble() * Math.Log(10))), 5),
                    BatchSize = wish.Training.BatchSize ?? Batches[random.Next(Batches.Length)],
                },
            };
            if (drawn.Faults().Count == 0)
            {
                candidates.Add(drawn);
            }
        }

        return candidates;
    }

    /// <summary>A candidate in a few words.</summary>
    public static string Words(AutoencoderOptions options)
    {
        var network = options.Network is DenseNetworkOptions dense
            ? $"dense {(dense.Hidden.Count == 0 ? "linear" : string.Join(",", dense.Hidden))} {dense.Activation.ToString().ToLowerInvariant()}{(dense.Normalization == Normalization.None ? "" : " " + dense.Normalization.ToString().ToLowerInvariant())}"
            : options.Network!.GetType().Name.Replace("NetworkOptions", "", StringComparison.Ordinal).ToLowerInvariant();
        var noise = options.Corruption is NoCorruptionOptions ? "" : ", " + options.Corruption.GetType().Name.Replace("CorruptionOptions", "", StringComparison.Ordinal).ToLowerInvariant() + " noise";
        return FormattableString.Invariant($"{options.LatentSize} latents, {network}, {options.Bottleneck.GetType().Name.Replace("Options", "", StringComparison.Ordinal).ToLowerInvariant()}{noise}, rate {options.Training.ActualLearningRate:g2}, batch {options.Training.BatchSize}");
    }

    // Wide first, each layer at most as wide as the one before.
    private static DenseNetworkOptions Network(Random random)
    {
        var widths = Enumerable.Range(0, random.Next(1, 4)).Select(_ => Widths[random.Next(Widths.Length)]).OrderDescending().ToArray();
        return new DenseNetworkOptions { Hidden = widths, Activation = Activations[random.Next(Activations.Length)], Normalization = random.Next(4) == 0 ? Normalization.Layer : Normalization.None };
    }

    private static BottleneckOptions Bottleneck(Random random) => random.Next(4) switch
    {
        0 => new DeterministicOptions { L2 = 1e-4 },
        1 => new GaussianOptions { Beta = 0.05 },
        _ => new DeterministicOptions(),
    };

    private static CorruptionOptions Corruption(Random random) => random.Next(4) switch
    {
        0 => new MaskingCorruptionOptions { Share = 0.1 },
        1 => new GaussianCorruptionOptions { StandardDeviation = 0.05 },
        _ => new NoCorruptionOptions(),
    };
}
