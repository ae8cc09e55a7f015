using Hourglass.Bottlenecks;
using Hourglass.Corruption;
using Hourglass.Data.Stores;
using Hourglass.Networks;
using Hourglass.Networks.Convolutional;
using Hourglass.Objectives;
using Hourglass.Preprocessing;
using Hourglass.Regularization;
using Hourglass.Training;
using Hourglass.Training.Steps;
using static TorchSharp.torch;

namespace Hourglass.Tests.Training;

/// <summary>Convolutional models: the fused step gives automatic differentiation's gradients and weights, on sizes that fit no register, and the same bits on any number of threads.</summary>
public sealed class FusedConvolutionTests
{
    private const int Samples = 61;

    private static readonly AutoencoderOptions Grey = new()
    {
        Input = Pictures(1, 11, 10),
        LatentSize = 5,
        Network = new ConvolutionalNetworkOptions { Channels = [6, 35], Activation = Activation.Tanh },
        Objective = new BinaryCrossEntropyOptions(),
        Training = new TrainingOptions { BatchSize = 13, Seed = 3 },
    };

    private static readonly AutoencoderOptions Coloured = Grey with
    {
        Input = Pictures(3, 9, 7),
        Network = new ConvolutionalNetworkOptions { Channels = [32, 4], Activation = Activation.Tanh },
    };

    private static readonly Dictionary<string, AutoencoderOptions> Cases = new(StringComparer.Ordinal)
    {
        ["grey"] = Grey,
        ["coloured"] = Coloured,
        ["one layer"] = Grey with { Network = new ConvolutionalNetworkOptions { Channels = [8], Activation = Activation.Gelu } },
        ["three layers, own decoder"] = Coloured with { Network = new ConvolutionalNetworkOptions { Channels = [8, 12, 64], DecoderChannels = [40, 33, 3], Activation = Activation.Elu } },
        ["wide patches"] = Coloured with { Network = new ConvolutionalNetworkOptions { Channels = [7, 9], KernelSize = 5, Stride = 3, Activation = Activation.Silu } },
        ["every place"] = Grey with { Network = new ConvolutionalNetworkOptions { Channels = [5, 5], Stride = 1, Activation = Activation.Tanh } },
        ["single places"] = Grey with { Network = new ConvolutionalNetworkOptions { Channels = [5], KernelSize = 1, Stride = 2, Activation = Activation.Sigmoid } },
        ["gaussian, coloured"] = Coloured with { Bottleneck = new GaussianOptions { Beta = 0.7 }, Network = new ConvolutionalNetworkOptions { Channels = [20, 32], Activation = Activation.Softplus } },
        ["gaussian likelihood, free bits"] = Grey with { Bottleneck = new GaussianOptions { FreeBits = 0.2 }, Objective = new GaussianLikelihoodOptions { PerValue = true } },
        ["dropout"] = Coloured with { Network = new ConvolutionalNetworkOptions { Channels = [6, 33], Dropout = 0.3, InputDropout = 0.1, Activation = Activation.Tanh } },
        ["corruption, squared error, decay"] = Grey with { Corruption = new MaskingCorruptionOptions(), Objective = new SquaredErrorOptions(), Training = Grey.Training with { Optimizer = OptimizerKind.AdamW, WeightDecay = 0.1 } },
        ["penalties, clipped, momentum"] = Coloured with { Regularization = new RegularizationOptions { L1 = 0.001, L2 = 0.01 }, Objective = new HuberOptions { Delta = 0.2 }, Training = Grey.Training with { Optimizer = OptimizerKind.Sgd, ClipNorm = 0.001 } },
        ["output activation"] = Coloured with { Network = new ConvolutionalNetworkOptions { Channels = [6, 8], Activation = Activation.Tanh, OutputActivation = Activation.Sigmoid }, Objective = new SquaredErrorOptions() },
        ["sparse latents, sigmoid"] = Grey with { Bottleneck = new DeterministicOptions { Activation = Activation.Sigmoid, KlRho = 0.5 } },
        ["batch normalisation, gelu"] = Grey with { Network = new ConvolutionalNetworkOptions { Channels = [6, 35], Normalization = Normalization.Batch, Activation = Activation.Gelu } },
        ["batch normalisation, sigmoid, dropout, gaussian"] = Coloured with { Bottleneck = new GaussianOptions(), Network = new ConvolutionalNetworkOptions { Channels = [9, 32], Normalization = Normalization.Batch, Dropout = 0.2, Activation = Activation.Sigmoid } },
        ["layer normalisation, elu"] = Grey with { Network = new ConvolutionalNetworkOptions { Channels = [6, 35], Normalization = Normalization.Layer, Activation = Activation.Elu } },
        ["layer normalisation, silu, dropout, gaussian"] = Coloured with { Bottleneck = new GaussianOptions(), Network = new ConvolutionalNetworkOptions { Channels = [9, 32], DecoderChannels = [32, 5], Normalization = Normalization.Layer, Dropout = 0.2, Activation = Activation.Silu } },
        ["layer normalisation, clipped"] = Coloured with { Network = new ConvolutionalNetworkOptions { Channels = [32, 9, 7], Normalization = Normalization.Layer, Activation = Activation.Tanh }, Regularization = new RegularizationOptions { L1 = 0.001, L2 = 0.01 }, Training = Grey.Training with { ClipNorm = 0.001 } },
        ["residual"] = Grey with { Network = new ConvolutionalNetworkOptions { Channels = [6, 35], Blocks = 1, Activation = Activation.Tanh } },
        ["residual, several blocks, silu, dropout, gaussian"] = Coloured with { Bottleneck = new GaussianOptions(), Network = new ConvolutionalNetworkOptions { Channels = [32, 9], Blocks = 2, Dropout = 0.2, Activation = Activation.Silu } },
        ["residual, batch normalisation, decay"] = Coloured with { Network = new ConvolutionalNetworkOptions { Channels = [9, 32], DecoderChannels = [20, 7], Blocks = 1, Normalization = Normalization.Batch, Activation = Activation.Softplus }, Training = Grey.Training with { Optimizer = OptimizerKind.AdamW, WeightDecay = 0.1 } },
        ["residual, layer normalisation, penalties, clipped"] = Grey with { Network = new ConvolutionalNetworkOptions { Channels = [33, 5], Blocks = 3, Normalization = Normalization.Layer, Activation = Activation.Elu }, Regularization = new RegularizationOptions { L1 = 0.001, L2 = 0.01 }, Training = Grey.Training with { ClipNorm = 0.001 } },
        ["resizing"] = Grey with { Network = new ConvolutionalNetworkOptions { Channels = [6, 35], Upsampling = Upsampling.Resize, Activation = Activation.Tanh } },
        ["wide patches, full panels"] = Coloured with { Network = new ConvolutionalNetworkOptions { Channels = [64, 9], KernelSize = 5, Stride = 3, Activation = Activation.Tanh } },
        ["single places, full panels"] = Grey with { Network = new ConvolutionalNetworkOptions { Channels = [32, 5], KernelSize = 1, Stride = 2, Activation = Activation.Tanh } },
        ["resizing to the double, coloured"] = Coloured with { Input = Pictures(3, 12, 8), Network = new ConvolutionalNetworkOptions { Channels = [33, 5], Upsampling = Upsampling.Resize, Activation = Activation.Tanh } },
        ["resizing to three times the size, grey"] = Grey with { Input = Pictures(1, 18, 9), Network = new ConvolutionalNetworkOptions { Channels = [32, 7], KernelSize = 5, Stride = 3, Upsampling = Upsampling.Resize, Activation = Activation.Tanh } },
        ["resizing by three, wide patches, gaussian, dropout"] = Coloured with { Bottleneck = new GaussianOptions(), Network = new ConvolutionalNetworkOptions { Channels = [7, 9], DecoderChannels = [40, 33], KernelSize = 5, Stride = 3, Dropout = 0.2, Upsampling = Upsampling.Resize, OutputActivation = Activation.Sigmoid, Activation = Activation.Gelu }, Objective = new SquaredErrorOptions() },
        ["resizing without growth, momentum, clipped"] = Grey with { Network = new ConvolutionalNetworkOptions { Channels = [8], Stride = 1, Upsampling = Upsampling.Resize, Activation = Activation.Sigmoid }, Training = Grey.Training with { Optimizer = OptimizerKind.Sgd, ClipNorm = 0.001 } },
        ["resizing, residual, batch normalisation"] = Coloured with { Network = new ConvolutionalNetworkOptions { Channels = [32, 12, 9], Blocks = 1, Normalization = Normalization.Batch, Upsampling = Upsampling.Resize, Activation = Activation.Tanh } },
        ["resizing, residual, layer normalisation, corruption"] = Grey with { Corruption = new MaskingCorruptionOptions(), Network = new ConvolutionalNetworkOptions { Channels = [6, 35], Blocks = 1, Normalization = Normalization.Layer, Upsampling = Upsampling.Resize, Activation = Activation.Silu } },
        ["more weights than a cache holds"] = Grey with { Network = new ConvolutionalNetworkOptions { Channels = [36, 420], Activation = Activation.Tanh } },
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Gradients_and_ten_steps_are_those_of_automatic_differentiation(string name)
    {
        using var store = Store(Cases[name]);
        FusedStepTests.Agree(Cases[name], store, name);
    }

    [Theory]
    [InlineData("grey")]
    [InlineData("dropout")]
    [InlineData("batch normalisation, gelu")]
    [InlineData("layer normalisation, silu, dropout, gaussian")]
    [InlineData("residual, several blocks, silu, dropout, gaussian")]
    [InlineData("resizing, residual, batch normalisation")]
    [InlineData("resizing to the double, coloured")]
    [InlineData("wide patches, full panels")]
    [InlineData("resizing by three, wide patches, gaussian, dropout")]
    [InlineData("gaussian, coloured")]
    [InlineData("more weights than a cache holds")]
    public void The_number_of_threads_changes_no_bit(string name)
    {
        using var store = Store(Cases[name]);
        FusedStepTests.AgreeOnThreads(Cases[name], store);
    }

    [Theory]
    [InlineData("attention", "attention")]
    [InlineData("top-k", "dictionary")]
    [InlineData("draws", "several draws")]
    [InlineData("contractive", "Jacobian")]
    [InlineData("large", "values a batch")]
    [InlineData("large, one sample", "values a batch")]
    [InlineData("large, usual batch", "values a batch")]
    public void What_it_does_not_know_is_left_to_automatic_differentiation(string what, string reason)
    {
        var network = new ConvolutionalNetworkOptions();
        var options = what switch
        {
            "attention" => Grey with { Network = network with { Attention = true } },
            "top-k" => Grey with { Bottleneck = new TopKOptions { Active = 2 } },
            "draws" => Grey with { Bottleneck = new GaussianOptions { Draws = 2 } },
            "contractive" => Grey with { Regularization = new RegularizationOptions { Contractive = 0.1 } },
            "large, one sample" => Grey with { Input = Pictures(1, 4096, 4096), Training = Grey.Training with { BatchSize = 1 } },
            "large, usual batch" => Grey with { Input = Pictures(1, 1024, 1024), Training = new TrainingOptions() },
            _ => Grey with { Input = Pictures(1, 1024, 1024), Training = Grey.Training with { BatchSize = 64 } },
        };

        Assert.Contains(reason, FusedPlan.Obstacle(options), StringComparison.Ordinal);
        Assert.Null(FusedPlan.Obstacle(Grey));
    }

    private static InputOptions Pictures(int channels, int height, int width) => new()
    {
        Shape = [channels, height, width],
        IsUnitInterval = true,
        Blocks = [new("pixels", 0, channels * height * width, FeatureBlockKind.Numeric)],
    };

    private static SampleStore Store(AutoencoderOptions options)
    {
        using var scope = NewDisposeScope();
        using var noise = new Generator(11);
        return SampleStores.Of(rand([Samples, options.Input!.Length], generator: noise), options.Input.Shape);
    }
}
