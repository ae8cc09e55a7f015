using System.Globalization;
using Hourglass.Data;
using Hourglass.Networks;
using Hourglass.Networks.Convolutional;
using Hourglass.Networks.Dense;
using Hourglass.Networks.Transformer;
using Hourglass.Objectives;
using Hourglass.Preprocessing;
using Hourglass.Training;

namespace Hourglass.Benchmarks;

/// <summary>What models learn with products in float32 and in bfloat16: validation losses on the built-in letters, seed by seed.</summary>
internal static class PrecisionLosses
{
    private static readonly (string Name, NetworkOptions Network)[] Networks =
    [
        ("dense 784-1024-512", new DenseNetworkOptions { Hidden = [1024, 512] }),
        ("convolutional 32,64", new ConvolutionalNetworkOptions()),
        ("convolutional 32,64, batch normalisation", new ConvolutionalNetworkOptions { Normalization = Normalization.Batch }),
        ("transformer, width 64, 2 layers and 1", new TransformerNetworkOptions { Layers = 2, DecoderLayers = 1, Patch = 7 }),
    ];

    /// <summary>Trains each network whose name holds the words twice for each seed and prints the losses.</summary>
    public static int Run(int seeds, int epochs, string only)
    {
        using var data = DataFile.Prepare("glyphs", new ReadOptions(), new PreparationOptions());
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{SpeedMachine.Processor}; glyphs, {data.Split.Training.Length:N0} training samples, latents of 32, binary cross-entropy, batch 128, {epochs} epochs by automatic differentiation; validation loss a value"));
        Console.WriteLine($"{"network",-42} {"float32",10} {"bfloat16",10} {"difference",11} {"error of it",12} {"seeds' spread",14}");
        foreach (var (name, network) in Networks.Where(entry => entry.Name.Contains(only, StringComparison.Ordinal)))
        {
            var losses = Enumerable.Range(1, seeds).Select(seed => (Full: Loss(data, network, seed, epochs, Precision.Float32), Reduced: Loss(data, network, seed, epochs, Precision.Bfloat16))).ToList();
            var differences = losses.Select(pair => pair.Reduced - pair.Full).ToList();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{name,-42} {losses.Average(pair => pair.Full),10:0.000000} {losses.Average(pair => pair.Reduced),10:0.000000} {differences.Average(),11:0.000000} {Spread(differences) / Math.Sqrt(seeds),12:0.000000} {Spread([.. losses.Select(pair => pair.Full)]),14:0.000000}"));
        }

        return 0;
    }

    private static double Spread(List<double> values) => Math.Sqrt(values.Sum(value => Math.Pow(value - values.Average(), 2)) / Math.Max(1, values.Count - 1));

    private static double Loss(PreparedData data, NetworkOptions network, int seed, int epochs, Precision precision)
    {
        using var model = new Autoencoder(new AutoencoderOptions
        {
            Input = new InputOptions { Shape = [1, 28, 28], IsUnitInterval = true, Blocks = [new FeatureBlock("pixels", 0, 28 * 28, FeatureBlockKind.Numeric)] },
            LatentSize = 32,
            Network = network,
            Objective = new BinaryCrossEntropyOptions(),
            Training = new TrainingOptions { Epochs = epochs, BatchSize = 128, Patience = null, Seed = seed, Engine = StepEngine.Autograd, Precision = precision },
        });
        using var trainer = new Trainer(model, data.Samples, data.Split);
        return trainer.Run().Epochs[^1].ValidationLoss!.Value;
    }
}
