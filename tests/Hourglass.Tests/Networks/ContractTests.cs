using Hourglass.Bottlenecks;
using Hourglass.Bottlenecks.Priors;
using Hourglass.Corruption;
using Hourglass.Networks;
using Hourglass.Networks.Convolutional;
using Hourglass.Networks.Dense;
using Hourglass.Networks.Recurrent;
using Hourglass.Networks.Temporal;
using Hourglass.Networks.Transformer;
using Hourglass.Networks.UShaped;
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

    public static TheoryData<string> Models => [.. Names];

    internal static IEnumerable<string> Names => Options().Keys;

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
        AddBottlenecks(models, row);
        AddObjectives(models, row, picture);
        models["residual, u-shaped, open"] = picture with
        {
            LatentSize = null,
            Input = Square,
            Network = new UShapedNetworkOptions { Channels = [4, 6] },
            Bottleneck = new OpenOptions(),
            Corruption = new GaussianCorruptionOptions { Lowest = 0.01 },
            Objective = new SquaredErrorOptions(),
        };
        AddNetworks(models, row, picture);
        models["conditional"] = row with { Bottleneck = new GaussianOptions(), Condition = new ConditionOptions { Classes = ["x", "y"] } };
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

    private static readonly InputOptions Square = new() { Shape = [1, 8, 16], IsUnitInterval = true, Blocks = [new("pixels", 0, 128, FeatureBlockKind.Numeric)] };

    private static readonly InputOptions Large = new() { Shape = [1, 16, 18], IsUnitInterval = true, Blocks = [new("pixels", 0, 288, FeatureBlockKind.Numeric)] };

    private static void AddBottlenecks(Dictionary<string, AutoencoderOptions> models, AutoencoderOptions row)
    {
        var linear = row with { LatentSize = 16, Network = new DenseNetworkOptions { Hidden = [] }, Objective = new SquaredErrorOptions() };
        foreach (var (name, bottleneck) in new (string, BottleneckOptions)[]
        {
            ("importance-weighted", new GaussianOptions { Draws = 3 }), ("importance-weighted, plain gradient", new GaussianOptions { Draws = 3, DoublyReparameterized = false }),
            ("total correlation", new GaussianOptions { TotalCorrelation = 4 }), ("mixture prior", new GaussianOptions { Prior = new MixturePriorOptions { Components = 4 } }),
            ("vamp prior", new GaussianOptions { Prior = new VampPriorOptions { PseudoSamples = 3 }, Draws = 2 }), ("flow prior", new GaussianOptions { Prior = new FlowPriorOptions { Layers = 2, Hidden = 8 } }),
            ("finite scalar", new FiniteScalarOptions()), ("binary", new BinaryOptions()), ("binary, annealed", new BinaryOptions { Gradient = BinaryGradient.Annealed }),
            ("adversarial latent", new AdversarialLatentOptions { DiscriminatorHidden = [6] }), ("wasserstein", new WassersteinOptions()), ("rae", new DeterministicOptions { L2 = 0.1 }),
        })
        {
            models[name] = row with { Bottleneck = bottleneck, Regularization = new RegularizationOptions { DecoderGradient = name == "rae" ? 0.1 : 0 } };
        }

        models["vector-quantised"] = row with { LatentSize = 6, Bottleneck = new VectorQuantisedOptions { CodeSize = 2, CodebookSize = 5 } };
        models["top-k"] = linear with { Bottleneck = new TopKOptions { Active = 3, DeadAfter = 1 } };
        models["batch top-k"] = linear with { Bottleneck = new BatchTopKOptions { Active = 3, DeadAfter = 1 } };
        models["jump-relu"] = linear with { Bottleneck = new JumpReluOptions { Target = 3 } };
        models["gated"] = linear with { Bottleneck = new GatedOptions() };
    }

    private static void AddObjectives(Dictionary<string, AutoencoderOptions> models, AutoencoderOptions row, AutoencoderOptions picture)
    {
        foreach (var objective in new ObjectiveOptions[]
        {
            new GaussianLikelihoodOptions { PerValue = true }, new ContinuousBernoulliOptions(), new MultinomialOptions(), new BinaryCrossEntropyOptions { Binarization = Binarization.Dynamic }, new SquaredErrorOptions { Perceptual = 1 },
            new AdversarialOptions { Similarity = 1 }, new AdversarialOptions { Rule = AdversarialRule.Wasserstein, Reconstruction = 0 },
        })
        {
            models[$"objective {models.Count} {objective.GetType().Name}"] = row with { Objective = objective, Network = new DenseNetworkOptions { Hidden = [5], Activation = Activation.Tanh } };
        }

        models["structural similarity"] = picture with { Input = Large, Objective = new StructuralSimilarityOptions { Scales = 2 } };
    }

    private static void AddNetworks(Dictionary<string, AutoencoderOptions> models, AutoencoderOptions row, AutoencoderOptions picture)
    {
        var series = row with { Input = new() { Shape = [12, 2], Blocks = [new("values", 0, 24, FeatureBlockKind.Numeric)], IsUnitInterval = true }, Objective = new SquaredErrorOptions() };
        var tokens = row with { Input = new() { Shape = [6], Vocabulary = 5, Blocks = [new("tokens", 0, 6, FeatureBlockKind.Numeric)] }, Objective = new TokenCrossEntropyOptions { LabelSmoothing = 0.1 } };
        foreach (var (name, network) in new (string, NetworkOptions)[]
        {
            ("temporal", new TemporalNetworkOptions { Channels = [3, 4], Normalization = Normalization.Batch }), ("temporal, dilated, causal", new TemporalNetworkOptions { Channels = [3, 4], Dilated = true, Causal = true }),
            ("gru", new RecurrentNetworkOptions { Width = 5 }), ("lstm, bidirectional", new RecurrentNetworkOptions { Width = 5, Layers = 2, Cell = RecurrentCell.Lstm, Bidirectional = true }),
            ("gru, feedback", new RecurrentNetworkOptions { Width = 5, Feedback = true }), ("gru, frames", new RecurrentNetworkOptions { Width = 5, Frame = 3 }), ("gru, frames, feedback", new RecurrentNetworkOptions { Width = 5, Frame = 4, Feedback = true, TeacherForcing = 0.5 }),
            ("gru, scheduled", new RecurrentNetworkOptions { Width = 5, Feedback = true, TeacherForcingEpochs = 2 }),
            ("transformer", new TransformerNetworkOptions { Width = 8, Heads = 2, Layers = 1, DecoderLayers = 1, Patch = 3 }),
        })
        {
            models[$"series, {name}"] = series with { Network = network };
        }

        models["tokens, gru"] = tokens with { Network = new RecurrentNetworkOptions { Width = 5, Feedback = true, Bidirectional = true } };
        models["tokens, transformer"] = tokens with { Network = new TransformerNetworkOptions { Width = 8, Heads = 2, Layers = 1, DecoderLayers = 1 }, Bottleneck = new GaussianOptions() };
        models["picture, transformer"] = picture with { Network = new TransformerNetworkOptions { Width = 8, Heads = 2, Layers = 1, DecoderLayers = 1, Patch = 3 } };
        models["masked autoencoder"] = picture with { LatentSize = null, Network = new TransformerNetworkOptions { Width = 8, Heads = 2, Layers = 1, DecoderLayers = 1, Patch = 3, HiddenShare = 0.75, Pooling = TokenPooling.None }, Bottleneck = new OpenOptions() };
        models["residual, attention"] = picture with { Network = new ConvolutionalNetworkOptions { Channels = [3, 4], Blocks = 1, Attention = true } };
    }

    // What is left open is filled as DataDefaults does for an open bottleneck.
    internal static AutoencoderOptions Get(string name) => Options()[name] is var options && options.LatentSize is null
        ? options with { LatentSize = (int)options.Network!.FeatureCount(options.Input!) }
        : options;

    internal static Tensor Samples(InputOptions input, int count = 8)
    {
        using var generator = new Generator(3);
        if (input.Vocabulary is { } vocabulary)
        {
            // Tokens of varying length, padding at the end.
            var tokens = (rand([count, input.Length], generator: generator) * (vocabulary - 1)).floor() + 1;
            return tokens * arange(input.Length).unsqueeze(0).lt((arange(count) % input.Length).unsqueeze(1) + 1);
        }

        return rand([count, .. input.Shape.Select(size => (long)size)], generator: generator);
    }

    [Theory, MemberData(nameof(Models))]
    public void Shapes_are_kept_and_evaluation_repeats(string name)
    {
        using var scope = NewDisposeScope();
        using var model = new Autoencoder(Get(name));
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
        using var model = new Autoencoder(Get(name));
        using var noise = new Generator(1);
        model.train();
        var samples = Samples(model.Options.Input!);
        var before = samples.clone();
        model.Initialize(samples, noise);
        var batch = Batch.Of(samples) with { Condition = model.Options.Condition is null ? null : nn.functional.one_hot(arange(8) % 2).to(ScalarType.Float32) };
        var pass = model.Forward(batch, new StepContext(noise, 1));
        (pass.Loss + (model.Options.Regularization.DecoderGradient > 0 ? model.DecoderGradientPenalty(pass, new StepContext(noise, 1)) : zeros(1))).backward();
        model.ConstrainGradients();
        model.ConstrainWeights();
        Assert.True(before.equal(samples).all().item<bool>());
        foreach (var (parameter, gradient) in model.named_parameters().Select(entry => (entry.name, entry.parameter.grad)))
        {
            Assert.True(gradient is not null && gradient.abs().sum().item<float>() >= 0, parameter);
        }
    }

    [Theory, MemberData(nameof(Models))]
    public void The_count_of_weights_that_guards_loading_is_a_lower_bound(string name)
    {
        using var model = new Autoencoder(Get(name));
        Assert.InRange(ParameterCount.AtLeast(model.Options), (UInt128)1, (UInt128)(model.parameters().Sum(parameter => parameter.numel()) + model.buffers().Sum(buffer => buffer.numel())));
    }

    [Theory, MemberData(nameof(Models))]
    public void Options_survive_their_JSON(string name)
    {
        var options = Get(name);
        var json = Hourglass.Bundles.BundleJson.Serialize(options);
        Assert.Equal(json, Hourglass.Bundles.BundleJson.Serialize(Hourglass.Bundles.BundleJson.Deserialize<AutoencoderOptions>(json, "test")));
    }

    [Theory]
    [InlineData(6, "gaussian")]
    [InlineData(8, "mixed")]
    [InlineData(8, "flow prior")]
    [InlineData(8, "mixture prior")]
    [InlineData(8, "importance-weighted, plain gradient")]
    [InlineData(8, "total correlation")]
    [InlineData(8, "wasserstein")]
    [InlineData(8, "series, gru, feedback")]
    [InlineData(8, "tokens, transformer")]
    [InlineData(8, "series, temporal, dilated, causal")]
    [InlineData(8, "structural similarity")]
    public void Gradients_agree_with_finite_differences(int seed, string name)
    {
        using var scope = NewDisposeScope();
        var options = Get(name) with { Training = new TrainingOptions { Seed = seed } };
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
        var latent = new GaussianOptions().Build(3, 2, Row);
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
