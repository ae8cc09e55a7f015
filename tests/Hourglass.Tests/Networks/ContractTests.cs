using Hourglass.Bottlenecks;
using Hourglass.Corruption;
using Hourglass.Networks;
using Hourglass.Networks.Convolutional;
using Hourglass.Networks.Dense;
using Hourglass.Objectives;
using Hourglass.Preprocessing;
using Hourglass.Regularization;
using Hourglass.Training;
using static TorchSharp.torch;

namespace Hourglass.Tests.Networks;

/// <summary>What every combination of choices promises.</summary>
public sealed class ContractTests
{
    private static readonly InputOptions Row = new()
    {
        Shape = [7],
        IsUnitInterval = true,
        Blocks = [new("a", 0, 3, FeatureBlockKind.Numeric), new("b", 3, 1, FeatureBlockKind.Binary), new("c", 4, 3, FeatureBlockKind.Categorical)],
    };

    private static readonly InputOptions Picture = new() { Shape = [2, 9, 6], IsUnitInterval = true, Blocks = [new("pixels", 0, 108, FeatureBlockKind.Numeric)] };

    public static TheoryData<string> Models => [.. Options().Keys];

    private static Dictionary<string, AutoencoderOptions> Options()
    {
        var row = new AutoencoderOptions { Input = Row, LatentSize = 3, Network = new DenseNetworkOptions { Hidden = [5, 4], Activation = Activation.Tanh }, Objective = new MixedOptions() };
        var picture = row with { Input = Picture, Network = new ConvolutionalNetworkOptions { Channels = [3, 4] }, Objective = new BinaryCrossEntropyOptions() };
        var models = new Dictionary<string, AutoencoderOptions>(StringComparer.Ordinal)
        {
            ["mixed"] = row,
            ["squared error, tied"] = row with { Objective = new SquaredErrorOptions(), Network = new DenseNetworkOptions { Hidden = [5], TiedWeights = true } },
            ["overcomplete, layer"] = row with { LatentSize = 20, Network = new DenseNetworkOptions { Hidden = [12], Normalization = Normalization.Layer } },
            ["huber, batch"] = row with { Objective = new HuberOptions(), Network = new DenseNetworkOptions { Hidden = [5], Normalization = Normalization.Batch } },
            ["gaussian"] = row with { Bottleneck = new GaussianOptions { Beta = 2, FreeBits = 0.1, AnnealingEpochs = 2 } },
            ["sparse"] = row with { Bottleneck = new DeterministicOptions { Activation = Activation.Sigmoid, KlRho = 1, L1 = 0.1 } },
            ["contractive"] = row with { Regularization = new RegularizationOptions { Contractive = 0.1, L1 = 0.01, L2 = 0.01 } },
            ["contractive, exact"] = row with { Regularization = new RegularizationOptions { Contractive = 0.1, ContractiveProbes = null } },
            ["convolutional"] = picture,
            ["convolutional, resize, vae"] = picture with { Network = new ConvolutionalNetworkOptions { Channels = [3, 4], Upsampling = Upsampling.Resize, Normalization = Normalization.Batch }, Bottleneck = new GaussianOptions() },
        };
        foreach (var corruption in new CorruptionOptions[] { new GaussianCorruptionOptions(), new MaskingCorruptionOptions(), new SaltAndPepperCorruptionOptions(), new SwapCorruptionOptions() })
        {
            models[corruption.GetType().Name] = row with { Corruption = corruption };
        }

        foreach (var activation in Enum.GetValues<Activation>())
        {
            models[$"activation {activation}"] = row with { Network = new DenseNetworkOptions { Hidden = [5], Activation = activation, Dropout = 0.2, InputDropout = 0.1 } };
        }

        return models;
    }

    private static Tensor Samples(InputOptions input, int count = 8)
    {
        using var generator = new Generator(3);
        return rand([count, .. input.Shape.Select(size => (long)size)], generator: generator);
    }

    [Theory, MemberData(nameof(Models))]
    public void Shapes_are_kept_and_evaluation_repeats(string name)
    {
        using var scope = NewDisposeScope();
        using var model = new Autoencoder(Options()[name]);
        model.eval();
        var samples = Samples(model.Options.Input!);
        Assert.Equal([8, model.Options.LatentSize!.Value], model.Encode(samples).shape);
        Assert.Equal(samples.shape, model.Reconstruct(samples).shape);
        Assert.True(model.Reconstruct(samples).equal(model.Reconstruct(samples)).all().item<bool>());
        Assert.True(model.Reconstruct(samples).isfinite().all().item<bool>());
    }

    [Theory, MemberData(nameof(Models))]
    public void Training_leaves_the_input_unchanged_and_every_parameter_gets_a_gradient(string name)
    {
        using var scope = NewDisposeScope();
        using var model = new Autoencoder(Options()[name]);
        using var noise = new Generator(1);
        model.train();
        var samples = Samples(model.Options.Input!);
        var before = samples.clone();
        model.Forward(Batch.Of(samples), new StepContext(noise, 1)).Loss.backward();
        Assert.True(before.equal(samples).all().item<bool>());
        foreach (var (parameter, gradient) in model.named_parameters().Select(entry => (entry.name, entry.parameter.grad)))
        {
            Assert.True(gradient is not null && gradient.abs().sum().item<float>() >= 0, parameter);
        }
    }

    [Theory, MemberData(nameof(Models))]
    public void Options_survive_their_JSON(string name)
    {
        var options = Options()[name];
        var json = Hourglass.Bundles.BundleJson.Serialize(options);
        Assert.Equal(json, Hourglass.Bundles.BundleJson.Serialize(Hourglass.Bundles.BundleJson.Deserialize<AutoencoderOptions>(json, "test")));
    }

    [Theory]
    [InlineData(6, "gaussian")]
    [InlineData(8, "mixed")]
    public void Gradients_agree_with_finite_differences(int seed, string name)
    {
        using var scope = NewDisposeScope();
        var options = Options()[name] with { Training = new TrainingOptions { Seed = seed } };
        using var model = new Autoencoder(options);
        model.train();
        var samples = Samples(model.Options.Input!);
        double Loss()
        {
            using var noise = new Generator(9);
            return model.Forward(Batch.Of(samples), new StepContext(noise, 5)).Loss.item<float>();
        }

        using var first = new Generator(9);
        model.Forward(Batch.Of(samples), new StepContext(first, 5)).Loss.backward();
        using var noGrad = no_grad();
        foreach (var (_, parameter) in model.named_parameters())
        {
            var direction = parameter.grad!.sign();
            var expected = (parameter.grad * direction).sum().item<float>();
            const float Step = 1e-3f;
            parameter.add_(direction * Step);
            var high = Loss();
            parameter.sub_(direction * (2 * Step));
            var low = Loss();
            parameter.add_(direction * Step);
            Assert.Equal(expected, (high - low) / (2 * Step), Math.Max(2e-3, 0.03 * Math.Abs(expected)));
        }
    }

    [Fact]
    public void All_faults_are_reported_at_once()
    {
        var fault = Assert.Throws<OptionsException>(() => new Autoencoder(new AutoencoderOptions
        {
            LatentSize = 0,
            Input = Row,
            Network = new ConvolutionalNetworkOptions { KernelSize = 4 },
            Objective = new HuberOptions { Delta = -1 },
            Corruption = new MaskingCorruptionOptions { Share = 2 },
            Bottleneck = new DeterministicOptions { KlRho = 1 },
            Training = new TrainingOptions { Epochs = 0 },
        }));
        Assert.Equal(7, fault.Faults.Count);
    }

    [Fact]
    public void The_divergence_of_a_gaussian_is_never_negative_and_zero_for_the_prior()
    {
        using var scope = NewDisposeScope();
        var latent = new GaussianOptions().Build(3, 2);
        using (no_grad())
        {
            Assert.True(latent.Forward(randn(50, 3), StepContext.Evaluation).Penalty.min().item<float>() >= 0);
            foreach (var parameter in latent.parameters())
            {
                parameter.zero_();
            }

            Assert.Equal(0, latent.Forward(randn(5, 3), StepContext.Evaluation).Penalty.abs().sum().item<float>());
        }
    }
}
