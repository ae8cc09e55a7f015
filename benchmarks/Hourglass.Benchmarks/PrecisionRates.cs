using System.Globalization;
using Hourglass.Data;
using Hourglass.Data.Stores;
using Hourglass.Networks;
using Hourglass.Networks.Convolutional;
using Hourglass.Networks.Dense;
using Hourglass.Networks.Temporal;
using Hourglass.Networks.Transformer;
using Hourglass.Networks.UShaped;
using Hourglass.Preprocessing;
using Hourglass.Training;
using Hourglass.Training.Steps;
using static TorchSharp.torch;

namespace Hourglass.Benchmarks;

/// <summary>Training with products in float32 and in bfloat16 in turn, by automatic differentiation, and by the fused step where it takes the model.</summary>
internal static class PrecisionRates
{
    private const int Rounds = 5;

    private static IEnumerable<PrecisionWork> Works() =>
    [
        new("dense 784-128-32, batch 256", new DenseNetworkOptions { Hidden = [128] }, [784], 32, 8192, 256),
        new("dense 784-1024-512-64, batch 256", new DenseNetworkOptions { Hidden = [1024, 512] }, [784], 64, 2048, 256),
        new("dense 3072-2048-1024-128, batch 256", new DenseNetworkOptions { Hidden = [2048, 1024] }, [3072], 128, 1024, 256),
        new("convolutional 32,64 of 28x28, batch 128", new ConvolutionalNetworkOptions(), [1, 28, 28], 20, 1024, 128),
        new("the same with 2 residual blocks a layer", new ConvolutionalNetworkOptions { Blocks = 2 }, [1, 28, 28], 20, 256, 128),
        new("convolutional 64,128,256 of 3x32x32, batch 128", new ConvolutionalNetworkOptions { Channels = [64, 128, 256] }, [3, 32, 32], 64, 256, 128),
        new("the same with batch normalisation", new ConvolutionalNetworkOptions { Channels = [64, 128, 256], Normalization = Normalization.Batch }, [3, 32, 32], 64, 256, 128),
        new("u-shaped 32,64 of 1x64x64, batch 16", new UShapedNetworkOptions { Channels = [32, 64], Blocks = 2, Fold = 1 }, [1, 64, 64], null, 64, 16),
        new("transformer of 28x28, width 64, batch 64", new TransformerNetworkOptions(), [1, 28, 28], 32, 512, 64),
        new("transformer of 28x28, width 256, batch 64", new TransformerNetworkOptions { Width = 256 }, [1, 28, 28], 32, 128, 64),
        new("temporal 32,64 of 256x8, batch 64", new TemporalNetworkOptions(), [256, 8], 16, 1024, 64),
    ];

    public static int Run(string[] args)
    {
        var only = Arguments.Text(args, "--only") ?? "";
        set_num_threads(Arguments.Number(args, "--threads", 1));
        if (Arguments.Number(args, "--seeds", 0) is > 0 and var seeds)
        {
            return PrecisionLosses.Run(seeds, Arguments.Number(args, "--epochs", 5), only);
        }

        Console.WriteLine($"{SpeedMachine.Processor}; {get_num_threads()} thread(s); samples a second of the process's own processor time, the best of {Rounds} rounds");
        Console.WriteLine($"{"model",-50} {"float32",9} {"bfloat16",9} {"ratio",6} {"fused",9}");
        foreach (var work in Works().Where(work => work.Name.Contains(only, StringComparison.Ordinal)))
        {
            Measure(work);
        }

        return 0;
    }

    private static void Measure(PrecisionWork work)
    {
        using var store = NoiseStore.Of(work.Shape, work.Samples);
        var (full, reduced) = (work.Options(StepEngine.Autograd, Precision.Float32), work.Options(StepEngine.Autograd, Precision.Bfloat16));
        var fused = FusedPlan.Obstacle(full) is null ? work.Options(StepEngine.Fused, Precision.Float32) : null;
        var runs = new[] { full, reduced, fused }.OfType<AutoencoderOptions>().Select(options => Work(options, store)).ToArray();
        Array.ForEach(runs, run => run());
        var rates = Enumerable.Range(0, Rounds).Select(_ => runs.Select(run => run()).ToArray()).ToArray();
        var best = runs.Select((_, run) => rates.Max(rate => rate[run])).ToArray();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{work.Name,-50} {best[0],9:N0} {best[1],9:N0} {best[1] / best[0],6:0.00} {(fused is null ? "" : best[2].ToString("N0", CultureInfo.InvariantCulture)),9}"));
    }

    private static Func<double> Work(AutoencoderOptions options, SampleStore store)
    {
        var model = new Autoencoder(options);
        var all = Enumerable.Range(0, (int)store.Count).Select(number => (long)number).ToArray();
        return () =>
        {
            using var trainer = new Trainer(model, store, new SampleSplit(all, []));
            var before = Environment.CpuUsage.TotalTime;
            trainer.Run();
            return store.Count / (Environment.CpuUsage.TotalTime - before).TotalSeconds;
        };
    }

    /// <summary>A model to train.</summary>
    /// <param name="Name">In words.</param>
    /// <param name="Network">Its kind.</param>
    /// <param name="Shape">Of a sample.</param>
    /// <param name="Latents">Length of a latent; null for an open bottleneck.</param>
    /// <param name="Samples">In an epoch, which is one piece of work.</param>
    /// <param name="Batch">In a step.</param>
    private sealed record PrecisionWork(string Name, NetworkOptions Network, int[] Shape, int? Latents, int Samples, int Batch)
    {
        public int Length => Shape.Aggregate(1, (product, size) => product * size);

        public AutoencoderOptions Options(StepEngine engine, Precision precision)
        {
            var options = new AutoencoderOptions
            {
                Input = new InputOptions { Shape = Shape, IsUnitInterval = true, Blocks = [new FeatureBlock("values", 0, Length, FeatureBlockKind.Numeric)] },
                Network = Network,
                LatentSize = Latents,
                Objective = new Objectives.SquaredErrorOptions(),
                Training = new TrainingOptions { Epochs = 1, BatchSize = Batch, Patience = null, Engine = engine, Precision = precision },
            };
            return Latents is not null ? options : options with { Bottleneck = new Bottlenecks.OpenOptions(), Corruption = new Corruption.GaussianCorruptionOptions(), LatentSize = (int)Network.FeatureCount(options.Input!) };
        }
    }
}
