using System.Globalization;
using Hourglass.Bottlenecks;
using Hourglass.Networks.Convolutional;
using Hourglass.Objectives;
using Hourglass.Preprocessing;
using Hourglass.Training;
using Hourglass.Training.Steps;

namespace Hourglass.Benchmarks;

/// <summary>What each convolution of 28 x 28 models makes of the processor: forwards, backwards and the gradient of its kernels, on one thread.</summary>
internal static unsafe class ConvolutionRates
{
    private const int Batch = 128;

    public static void Run()
    {
        Run("plain", new ConvolutionalNetworkOptions { Channels = [32, 64] });
        Run("residual", new ConvolutionalNetworkOptions { Channels = [32, 64], Blocks = 1 });
        Run("resizing", new ConvolutionalNetworkOptions { Channels = [32, 64], Upsampling = Upsampling.Resize });
    }

    private static void Run(string model, ConvolutionalNetworkOptions network)
    {
        var options = new AutoencoderOptions
        {
            Input = new InputOptions { Shape = [1, 28, 28], IsUnitInterval = true, Blocks = [new FeatureBlock("values", 0, 784, FeatureBlockKind.Numeric)] },
            LatentSize = 20,
            Network = network,
            Bottleneck = new GaussianOptions(),
            Objective = new BinaryCrossEntropyOptions(),
            Training = new TrainingOptions { BatchSize = Batch },
        };
        var plan = FusedPlan.Of(options);
        using var weights = new FusedWeights(plan, 2);
        using var room = new FusedRoom(plan, 784, Batch, threads: 1);
        var random = new Random(1);
        foreach (var layer in plan.Layers)
        {
            Fill(room[layer].After, (long)Batch * room[layer].Stride, random);
            Fill(room[layer].Gradient, (long)Batch * room[layer].Stride, random);
        }

        for (var place = 0; place < plan.Layers.Count; place++)
        {
            if (plan.Layers[place].Convolution is not null)
            {
                var below = place == 0 ? null : room[plan.Layers[place - 1]];
                Measure(model, new ConvolutionMap(plan.Layers[place], weights, room, place == 0 ? room.Input : below!.After, below is null ? null : below.Gradient), weights, room);
            }
        }
    }

    private static void Fill(float* values, long count, Random random)
    {
        for (var place = 0L; place < count; place++)
        {
            values[place] = random.NextSingle();
        }
    }

    private static void Measure(string model, ConvolutionMap map, FusedWeights weights, FusedRoom room)
    {
        using var update = new ConvolutionUpdate(map, room);
        var (patches, name) = (map.Patches, map.Layer.Name);
        var operations = 2.0 * Batch * patches.Places * patches.Length * map.Map.Outputs;
        var keep = new KeepRule(weights.Values, weights.Gradients, default, true);
        var forward = Rate(() => map.Forward(0, 0, Batch), operations);
        var backward = Rate(() => map.Backward(0, 0, Batch), operations);
        var gradient = Rate(() => update.Run(keep, Batch, 0, 1, isStep: false), operations);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{model,-8} {name,-26} {patches.Length,3} x {map.Map.Outputs,3}: forward {forward,4:0}, backward {backward,4:0}, gradient {gradient,4:0} GFLOP/s, {operations / 1e6:0} MFLOP"));
    }

    private static double Rate(Action work, double operations) => MultiplyAddPeak.Best(work, operations, windows: 20) / 1e9;
}
