using System.Runtime.InteropServices;
using Hourglass.Data.Stores;
using Hourglass.Networks;
using Hourglass.Networks.Convolutional;
using Hourglass.Networks.Recurrent;
using Hourglass.Networks.Transformer;
using Hourglass.Tests.Networks;
using Hourglass.Training;
using Hourglass.Training.Steps;
using static TorchSharp.torch;

namespace Hourglass.Tests.Training;

/// <summary>Products in bfloat16: gradients are float32's to bfloat16's rounding, runs repeat and resume to the bit, and what cannot be had is refused.</summary>
public sealed class PrecisionTests
{
    private const string NoProcessor = "This processor has no bfloat16 products.";
    private const double Rounding = 1.0 / 256; // bfloat16 keeps 8 bits

    // Choices that a rounding can turn over are no measure of it.
    private static readonly string[] Choosing = ["vector-quantised", "finite scalar", "binary", "binary, annealed", "top-k", "batch top-k", "jump-relu", "gated"];

    public static TheoryData<string> Names => [.. ContractTests.Names.Where(name => !Choosing.Contains(name) && ContractTests.Get(name).Network is not RecurrentNetworkOptions)];

    [Theory, MemberData(nameof(Names))]
    public void Gradients_are_those_of_float32_to_the_rounding_of_bfloat16(string name)
    {
        Assert.SkipUnless(ReducedPrecision.HasProcessor, NoProcessor);
        var options = ContractTests.Get(name) is var any && any.Network is ConvolutionalNetworkOptions pictures
            ? any with { Network = pictures with { Activation = Activation.Tanh } } // of few units, a rectified one that a rounding turns off is a large share
            : any;
        using var store = Store(options.Input!);
        var (expected, actual) = (Gradients(options, store, Precision.Float32), Gradients(options, store, Precision.Bfloat16));
        var distance = Math.Sqrt(expected.Zip(actual, (one, other) => Math.Pow(one - other, 2)).Sum() / expected.Sum(one => Math.Pow(one, 2)));
        Assert.True(distance > 1e-6, "nothing was computed in bfloat16");
        var most = options.Network is TransformerNetworkOptions ? 12 : 4; // measured: 1.5 to 9.4, and 0.7 to 3.0
        Assert.True(distance < most * Rounding, $"{name}: gradients differ by {distance / Rounding:0.0} roundings of their length");
    }

    [Fact]
    public void A_run_resumed_after_any_epoch_ends_in_the_bits_of_an_unbroken_one()
    {
        Assert.SkipUnless(ReducedPrecision.HasProcessor, NoProcessor);
        var folder = Directory.CreateTempSubdirectory().FullName;
        var options = ContractTests.Get("convolutional, resize, vae");
        using var store = Store(options.Input!);
        float[] Train(string name, int epochs, bool resume, Precision precision)
        {
            using var model = new Autoencoder(options with { Training = new TrainingOptions { Epochs = epochs, BatchSize = 3, Precision = precision } });
            using var trainer = new Trainer(model, store, TrainerTests.Split(store.Count)) { CheckpointPath = Path.Combine(folder, name), Identity = "same", Resume = resume };
            Assert.Equal(precision == Precision.Bfloat16, trainer.Run().Engine!.Contains("bfloat16", StringComparison.Ordinal));
            return TrainerTests.Weights(model);
        }

        var unbroken = Train("unbroken", 4, resume: false, Precision.Bfloat16);
        Train("broken", 2, resume: false, Precision.Bfloat16);
        Assert.Equal(unbroken, Train("broken", 4, resume: true, Precision.Bfloat16));
        Assert.NotEqual(unbroken, Train("float32", 4, resume: false, Precision.Float32));
    }

    [Fact]
    public void A_model_without_bfloat16_products_is_refused_with_a_reason()
    {
        var options = ContractTests.Get("series, gru");
        using var store = Store(options.Input!);
        using var model = new Autoencoder(options with { Training = new TrainingOptions { Precision = Precision.Bfloat16 } });
        using var trainer = new Trainer(model, store, TrainerTests.Split(store.Count));
        Assert.Contains("recurrent networks have no bfloat16 products", Assert.Throws<HourglassException>(() => trainer.Run()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_fused_engine_refuses_bfloat16()
    {
        Assert.SkipUnless(ReducedPrecision.HasProcessor, NoProcessor);
        var options = ContractTests.Get("mixed");
        using var store = Store(options.Input!);
        using var model = new Autoencoder(options with { Training = new TrainingOptions { Precision = Precision.Bfloat16, Engine = StepEngine.Fused } });
        using var trainer = new Trainer(model, store, TrainerTests.Split(store.Count));
        Assert.Contains("multiplies in float32", Assert.Throws<HourglassException>(() => trainer.Run()).Message, StringComparison.Ordinal);
    }

    private static float[] Gradients(AutoencoderOptions options, SampleStore store, Precision precision)
    {
        using var scope = NewDisposeScope();
        using var reader = new BatchReader(store, CPU);
        using var model = new Autoencoder(options with { Training = options.Training with { Precision = precision, Seed = 5 } });
        var parameters = new FlatParameters(model);
        using var state = new TrainingState { Parameters = parameters, Optimizer = FlatOptimizer.Create(model.Options.Training, parameters) };
        model.train();
        using var step = new AutogradStep(model, reader);
        step.Differentiate(state, Enumerable.Range(0, (int)store.Count).Select(sample => (long)sample).ToArray(), 1.5);
        return MemoryMarshal.Cast<byte, float>(parameters.Gradients.bytes).ToArray();
    }

    private static SampleStore Store(InputOptions input)
    {
        using var samples = ContractTests.Samples(input);
        return SampleStores.Of(samples, input.Shape);
    }
}
