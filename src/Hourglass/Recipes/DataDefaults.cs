using Hourglass.Bottlenecks;
using Hourglass.Networks;
using Hourglass.Networks.Dense;
using Hourglass.Networks.Recurrent;
using Hourglass.Networks.Transformer;
using Hourglass.Objectives;
using Hourglass.Preprocessing;

namespace Hourglass.Recipes;

/// <summary>Fills the slots that the user left open, from what the data is. Every choice is a rule that can be read here.</summary>
public static class DataDefaults
{
    /// <summary>Completes options.</summary>
    /// <param name="options">What the user chose.</param>
    /// <param name="preprocessing">What the data is.</param>
    /// <param name="trainingSamples">Samples that train.</param>
    /// <exception cref="OptionsException">The user's choices contradict the data or each other; all faults are listed.</exception>
    public static AutoencoderOptions Complete(AutoencoderOptions options, SamplePreprocessing preprocessing, long trainingSamples)
    {
        var input = new InputOptions { Shape = preprocessing.SampleShape, Blocks = preprocessing.Blocks, IsUnitInterval = preprocessing.IsUnitInterval, Vocabulary = preprocessing.Vocabulary };
        var network = options.Network ?? (input.Vocabulary is not null ? new RecurrentNetworkOptions { Feedback = true, Width = 128 } : null) ?? (NetworkOptions)new DenseNetworkOptions { Hidden = Hidden(input) };
        network = network is TransformerNetworkOptions transformer && options.Bottleneck is OpenOptions ? transformer with { Pooling = TokenPooling.None } : network;
        var complete = options with
        {
            Input = input,
            LatentSize = options.LatentSize ?? LatentSize(options.Bottleneck, network, input),
            Network = network,
            Objective = options.Objective ?? Objective(options, input),
            Training = options.Training with { BatchSize = options.Training.BatchSize ?? BatchSize(trainingSamples) },
        };
        complete.RequireComplete();
        return complete;
    }

    /// <summary>Rows: a third of the columns, 1 to 64. Series: the root of their values, at most 32. Pictures: 32. Dictionaries: four times the input. Codes: 16 of them. Open: all features.</summary>
    private static int LatentSize(BottleneckOptions bottleneck, NetworkOptions network, InputOptions input) => bottleneck switch
    {
        OpenOptions when !network.Faults(new AutoencoderOptions { Input = input, Network = network, Bottleneck = bottleneck }).Any() => (int)Math.Clamp(network.FeatureCount(input), 1, int.MaxValue),
        SparseOptions => (int)Math.Min(4L * input.Length, 1 << 16),
        _ when input.Vocabulary is not null => 64,
        VectorQuantisedOptions quantised => 16 * Math.Max(1, quantised.CodeSize),
        BinaryOptions => 64,
        _ => Plain(input),
    };

    private static int Plain(InputOptions input) => input.Shape.Count switch
    {
        3 => Math.Min(32, input.Length),
        2 => Math.Clamp((int)Math.Sqrt(input.Length), 1, 32),
        _ => Math.Clamp((input.Blocks.Count + 2) / 3, 1, 64),
    };

    /// <summary>One layer, four values wide for each input value, between 32 and 512.</summary>
    private static int[] Hidden(InputOptions input) => [Math.Clamp((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Min(input.Length, 128) * 4), 32, input.Length > 128 ? 512 : 256)];

    /// <summary>Values in [0, 1]: binary cross-entropy. Columns of several kinds: each its own distance. Else squared error.</summary>
    private static ObjectiveOptions Objective(AutoencoderOptions options, InputOptions input)
    {
        if (options.Network is { OutputActivation: not Activation.Linear })
        {
            return new SquaredErrorOptions();
        }

        return input.Vocabulary is not null ? new TokenCrossEntropyOptions()
            : options.Bottleneck is SparseOptions or OpenOptions ? new SquaredErrorOptions()
            : input.Blocks.Any(block => block.Kind != FeatureBlockKind.Numeric) ? new MixedOptions()
            : input.IsUnitInterval ? new BinaryCrossEntropyOptions()
            : new SquaredErrorOptions();
    }

    /// <summary>Enough steps in an epoch to learn from few samples, large products for many.</summary>
    private static int BatchSize(long samples) => samples switch
    {
        < 2_000 => 32,
        < 20_000 => 64,
        < 200_000 => 128,
        _ => 256,
    };
}
