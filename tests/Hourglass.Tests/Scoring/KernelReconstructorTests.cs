using System.Runtime.InteropServices;
using Hourglass.Bottlenecks;
using Hourglass.Bundles;
using Hourglass.Networks;
using Hourglass.Networks.Convolutional;
using Hourglass.Networks.Dense;
using Hourglass.Objectives;
using Hourglass.Preprocessing;
using Hourglass.Scoring;
using static TorchSharp.torch;

namespace Hourglass.Tests.Scoring;

/// <summary>The kernels give the training engine's latents and reconstructions, to rounding, on sizes that fit no register.</summary>
public sealed class KernelReconstructorTests(TrainedFixture fixture) : IClassFixture<TrainedFixture>
{
    private const int Samples = 139;

    private static readonly AutoencoderOptions Base = new()
    {
        Input = new InputOptions
        {
            Shape = [37],
            IsUnitInterval = true,
            Blocks = [new("a", 0, 30, FeatureBlockKind.Numeric), new("b", 30, 1, FeatureBlockKind.Binary), new("c", 31, 6, FeatureBlockKind.Categorical)],
        },
        LatentSize = 5,
        Network = new DenseNetworkOptions { Hidden = [45, 19], Activation = Activation.Tanh },
        Objective = new SquaredErrorOptions(),
    };

    private static readonly AutoencoderOptions Grey = Base with
    {
        Input = Pictures(1, 11, 10),
        Network = new ConvolutionalNetworkOptions { Channels = [6, 35], Activation = Activation.Tanh },
    };

    private static readonly AutoencoderOptions Coloured = Grey with
    {
        Input = Pictures(3, 9, 7),
        Network = new ConvolutionalNetworkOptions { Channels = [32, 4], Activation = Activation.Relu },
    };

    private static readonly Dictionary<string, AutoencoderOptions> Cases = All();

    public static TheoryData<string> Names => [.. Cases.Keys];

    private static Dictionary<string, AutoencoderOptions> All()
    {
        var cases = new Dictionary<string, AutoencoderOptions>(StringComparer.Ordinal)
        {
            ["linear"] = Base with { Network = new DenseNetworkOptions { Hidden = [] } },
            ["own decoder, wide"] = Base with { LatentSize = 70, Network = new DenseNetworkOptions { Hidden = [20], DecoderHidden = [7, 300] } },
            ["output activation"] = Base with { Network = new DenseNetworkOptions { Hidden = [33], OutputActivation = Activation.Sigmoid } },
            ["conditional"] = Base with { Condition = new ConditionOptions { Classes = ["one", "two", "three"] } },
            ["picture"] = Base with { Input = new InputOptions { Shape = [1, 5, 7], Blocks = [new("pixels", 0, 35, FeatureBlockKind.Numeric)] } },
            ["one value"] = Base with { LatentSize = 1, Input = new InputOptions { Shape = [1], Blocks = [new("a", 0, 1, FeatureBlockKind.Numeric)] } },
        };
        foreach (var activation in Enum.GetValues<Activation>())
        {
            cases[$"activation {activation}"] = Base with { Network = new DenseNetworkOptions { Hidden = [45, 19], Activation = activation }, Bottleneck = new DeterministicOptions { Activation = activation } };
        }

        foreach (var bottleneck in new BottleneckOptions[]
            { new GaussianOptions(), new WassersteinOptions(), new AdversarialLatentOptions { DiscriminatorHidden = [4] }, new TopKOptions { Active = 3 }, new BatchTopKOptions { Active = 3 }, new JumpReluOptions(), new GatedOptions() })
        {
            cases[$"bottleneck {bottleneck.GetType().Name}"] = Base with { LatentSize = 21, Bottleneck = bottleneck };
        }

        foreach (var objective in new ObjectiveOptions[]
            { new HuberOptions(), new GaussianLikelihoodOptions(), new BinaryCrossEntropyOptions(), new ContinuousBernoulliOptions(), new MultinomialOptions(), new MixedOptions(), new AdversarialOptions() })
        {
            cases[$"objective {objective.GetType().Name}"] = Base with { Objective = objective };
        }

        foreach (var normalization in Enum.GetValues<Normalization>())
        {
            cases[$"{normalization} normalization"] = Base with { Network = new DenseNetworkOptions { Hidden = [45, 19], Normalization = normalization } };
            cases[$"{normalization} normalization, tied"] = Base with { Network = new DenseNetworkOptions { Hidden = [45, 19], Normalization = normalization, TiedWeights = true } };
            cases[$"{normalization} normalization, tied Gaussian"] = Base with { Bottleneck = new GaussianOptions(), Network = new DenseNetworkOptions { Hidden = [23], Normalization = normalization, TiedWeights = true } };
        }

        AddPictures(cases);
        return cases;
    }

    private static void AddPictures(Dictionary<string, AutoencoderOptions> cases)
    {
        cases["grey"] = Grey;
        cases["coloured, logits"] = Coloured with { Objective = new BinaryCrossEntropyOptions() };
        cases["one convolution"] = Grey with { Network = new ConvolutionalNetworkOptions { Channels = [8], Activation = Activation.Gelu } };
        cases["three convolutions, own decoder"] = Coloured with { Network = new ConvolutionalNetworkOptions { Channels = [8, 12, 64], DecoderChannels = [40, 33, 3], Activation = Activation.Softplus, OutputActivation = Activation.Sigmoid } };
        cases["wide patches"] = Coloured with { Network = new ConvolutionalNetworkOptions { Channels = [7, 9], KernelSize = 5, Stride = 3, Activation = Activation.Silu } };
        cases["many channels in"] = Grey with { Input = Pictures(12, 6, 5), Network = new ConvolutionalNetworkOptions { Channels = [5, 5], Stride = 1, Activation = Activation.Sigmoid } };
        cases["pictures, gaussian, normalised, conditional"] = Coloured with
        {
            Bottleneck = new GaussianOptions(),
            Condition = new ConditionOptions { Classes = ["one", "two"] },
            Network = new ConvolutionalNetworkOptions { Channels = [20, 32, 9], Normalization = Normalization.Batch },
        };
        cases["pictures, top-k, normalised"] = Grey with { LatentSize = 21, Bottleneck = new TopKOptions { Active = 3 }, Network = new ConvolutionalNetworkOptions { Channels = [6, 35], Normalization = Normalization.Batch, Activation = Activation.Elu } };
        cases["residual"] = Grey with { Network = new ConvolutionalNetworkOptions { Channels = [6, 35], Blocks = 1, Activation = Activation.Tanh } };
        cases["residual, normalised, odd number of blocks"] = Coloured with { Network = new ConvolutionalNetworkOptions { Channels = [20, 9], Blocks = 3, Normalization = Normalization.Batch, Activation = Activation.Gelu } };
        cases["resizing"] = Grey with { Network = new ConvolutionalNetworkOptions { Channels = [6, 35], Upsampling = Upsampling.Resize, Activation = Activation.Tanh } };
        cases["resizing to the double"] = Coloured with { Input = Pictures(3, 12, 8), Network = new ConvolutionalNetworkOptions { Channels = [6, 35], DecoderChannels = [35, 32], Upsampling = Upsampling.Resize, Activation = Activation.Tanh } };
        cases["resizing by three, own decoder, residual"] = Coloured with { Network = new ConvolutionalNetworkOptions { Channels = [7, 9], DecoderChannels = [33, 5], KernelSize = 5, Stride = 3, Blocks = 2, Upsampling = Upsampling.Resize, OutputActivation = Activation.Sigmoid } };
        cases["one convolution, resizing without growth"] = Grey with { Network = new ConvolutionalNetworkOptions { Channels = [8], Stride = 1, Upsampling = Upsampling.Resize } };
        cases["Layer normalization of pictures"] = Coloured with { Network = new ConvolutionalNetworkOptions { Channels = [20, 33, 9], Normalization = Normalization.Layer, Activation = Activation.Silu } };
        cases["Layer normalization, residual, resizing"] = Grey with { Network = new ConvolutionalNetworkOptions { Channels = [6, 35], Blocks = 2, Normalization = Normalization.Layer, Upsampling = Upsampling.Resize } };
        cases["more weights than a cache holds"] = Grey with { Network = new ConvolutionalNetworkOptions { Channels = [36, 420], Activation = Activation.Tanh } };
    }

    private static InputOptions Pictures(int channels, int height, int width) =>
        new() { Shape = [channels, height, width], IsUnitInterval = true, Blocks = [new("pixels", 0, channels * height * width, FeatureBlockKind.Numeric)] };

    // Weights, biases and running statistics that are all different: defaults of 0 and 1 would hide a mistake, and so would residual branches that start closed.
    private static Autoencoder Model(AutoencoderOptions options)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var noise = new Generator(5);
        var model = new Autoencoder(options);
        var opens = options.Network is ConvolutionalNetworkOptions { Blocks: 1 }; // branches of deeper stacks would make values grow until float32's rounding shows
        foreach (var (name, values) in State(model).Where(entry => entry.Tensor.dtype == ScalarType.Float32 && (entry.Tensor.dim() == 1 || (opens && entry.Name.Contains("_closing", StringComparison.Ordinal)))))
        {
            values.add_(rand(values.shape, generator: noise) * (name.EndsWith("_logThreshold", StringComparison.Ordinal) ? 2f : 0.3f));
        }

        model.eval();
        return model;
    }

    private static IEnumerable<(string Name, Tensor Tensor)> State(Autoencoder model) =>
        model.named_parameters().Select(entry => (entry.name, (Tensor)entry.parameter)).Concat(model.named_buffers().Select(entry => (entry.Item1, entry.Item2)));

    private static BundleContents Contents(Autoencoder model, Func<string, string>? alter = null)
    {
        var text = BundleJson.Serialize(new { BundleFile.FormatVersion, model.Options });
        return new BundleContents(alter?.Invoke(text) ?? text, "{}", State(model).ToDictionary(entry => entry.Name, entry => TensorStorage.ToStored(entry.Name, entry.Tensor), StringComparer.Ordinal), "{}", "");
    }

    private static float[] Floats(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.contiguous().bytes).ToArray();

    private static void Near(float[] expected, float[] actual, string name)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var place = 0; place < expected.Length; place++)
        {
            Assert.True(Math.Abs(expected[place] - actual[place]) <= 1e-5 * Math.Max(1, Math.Abs(expected[place])), $"{name}, {place}: expected {expected[place]}, got {actual[place]}");
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Latents_and_reconstructions_are_the_engines(string name)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var noise = new Generator(8);
        using var model = Model(Cases[name]);
        using var dense = KernelReconstructor.TryCreate(Contents(model), "model", out var obstacle, threads: 2);
        Assert.True(dense is not null, obstacle);
        var input = (rand([Samples, .. model.Options.Input!.Shape.Select(size => (long)size)], generator: noise) * 2) - 0.5;
        var latents = model.Encode(input);
        var (z, y) = (new float[Samples * dense.LatentSize], new float[Samples * dense.SampleLength]);
        dense.Reconstruct(Floats(input), z, y);
        Near(Floats(latents), z, name);
        Near(Floats(model.Decode(latents)), y, name);
        var (alone, again) = (new float[z.Length], new float[y.Length]);
        dense.Encode(Floats(input), alone);
        dense.Decode(alone, again);
        Assert.Equal(z, alone);
        Assert.Equal(y, again);
    }

    [Theory]
    [InlineData("Batch normalization")]
    [InlineData("coloured, logits")]
    [InlineData("more weights than a cache holds")]
    [InlineData("Layer normalization, residual, resizing")]
    public void Results_depend_neither_on_neighbours_nor_on_threads(string name)
    {
        const int Count = 200;
        using var model = Model(Cases[name]);
        using var one = KernelReconstructor.TryCreate(Contents(model), "model", out _, threads: 1)!;
        using var three = KernelReconstructor.TryCreate(Contents(model), "model", out _, threads: 3)!;
        var random = new Random(1);
        var length = one.SampleLength;
        var samples = Enumerable.Range(0, Count * length).Select(_ => random.NextSingle()).ToArray();
        var (together, alone) = (new float[samples.Length], new float[length]);
        three.Reconstruct(samples, new float[Count * 5], together);
        for (var sample = 0; sample < Count; sample += 31)
        {
            one.Reconstruct(samples.AsSpan(sample * length, length), new float[5], alone);
            Assert.Equal(together.AsSpan(sample * length, length).ToArray(), alone);
        }
    }

    [Fact]
    public void A_trained_file_and_its_principal_components_agree_with_the_engine()
    {
        var contents = BundleFile.Read(fixture.Path);
        using var dense = KernelReconstructor.TryCreate(contents, fixture.Path, out _)!;
        using var pca = KernelReconstructor.OfPca(contents, fixture.Path);
        foreach (var (engine, kernels) in new (IReconstructor, IReconstructor)[] { (fixture.Outcome.Trained, dense), (fixture.Outcome.Trained.WithPca(), pca) })
        {
            var samples = new float[20 * engine.SampleLength];
            fixture.Outcome.Data.Samples.Read(0, 20, samples);
            var (z, y, latents, again) = (new float[20 * engine.LatentSize], new float[samples.Length], new float[20 * engine.LatentSize], new float[samples.Length]);
            engine.Reconstruct(samples, latents, again);
            kernels.Reconstruct(samples, z, y);
            Near(latents, z, "latents");
            Near(again, y, "reconstructions");
        }
    }

    [Fact]
    public void Other_models_are_refused_with_the_reason()
    {
        using var model = Model(Base);
        foreach (var (old, replacement, reason) in new[]
        {
            ("\"kind\": \"dense\"", "\"kind\": \"recurrent\"", "the network is recurrent, neither dense nor convolutional"),
            ("\"kind\": \"deterministic\"", "\"kind\": \"vector-quantised\"", "bottleneck vector-quantised has no kernel"),
            ("\"tiedWeights\": false", "\"tiedWeights\": false, \"residual\": true", "network.residual is unknown here"),
            ("\"tiedWeights\": false,", "", "The given key was not present"),
            ("\"latentSize\": 5", "\"latentSize\": 2000000000", "a size of 2000000000 is not from 1 to 1048576"),
        })
        {
            var contents = Contents(model, text =>
            {
                Assert.Contains(old, text, StringComparison.Ordinal);
                return text.Replace(old, replacement, StringComparison.Ordinal);
            });
            Assert.Null(KernelReconstructor.TryCreate(contents, "model", out var obstacle));
            Assert.Contains(reason, obstacle, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Other_models_of_pictures_are_refused_with_the_reason()
    {
        using var model = Model(Grey with { Network = new ConvolutionalNetworkOptions { Attention = true } });
        Assert.Null(KernelReconstructor.TryCreate(Contents(model), "model", out var obstacle));
        Assert.Equal("attention has no kernel", obstacle);
    }

    [Fact]
    public void Pictures_that_would_fill_the_memory_are_left_to_the_engine()
    {
        using var model = Model(Grey);
        foreach (var (options, reason) in new[]
        {
            (Grey with { Input = Pictures(1, 1000, 1000) }, "pictures of more than 4,194,304 values between layers"),
            (Grey with { Input = Pictures(1, 740, 740), Network = new ConvolutionalNetworkOptions { Upsampling = Upsampling.Resize } }, "pictures of more than 4,194,304 values between layers"),
            (Coloured with { LatentSize = 1_000_000 }, "channels too few for 1000000 latents of so large a picture"),
        })
        {
            var contents = Contents(model, _ => BundleJson.Serialize(new { BundleFile.FormatVersion, options }));
            Assert.Null(KernelReconstructor.TryCreate(contents, "model", out var obstacle));
            Assert.Equal(reason, obstacle);
        }
    }

    [Fact]
    public void Weights_that_contradict_the_layout_are_a_broken_bundle()
    {
        using var model = Model(Base);
        var wider = Contents(model, text => text.Replace("\"latentSize\": 5", "\"latentSize\": 500000", StringComparison.Ordinal));
        Assert.Contains("_bottleneck._projection.weight", Assert.Throws<BundleException>(() => KernelReconstructor.TryCreate(wider, "model", out _)).Message, StringComparison.Ordinal);
        var contents = Contents(model);
        var more = new Dictionary<string, StoredTensor>(contents.Weights, StringComparer.Ordinal) { ["_decoder._gain"] = new("_decoder._gain", [1], new float[1]) };
        Assert.Contains("_decoder._gain", Assert.Throws<BundleException>(() => KernelReconstructor.TryCreate(contents with { Weights = more }, "model", out _)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lengths_that_do_not_fit_are_named()
    {
        using var model = Model(Base);
        using var dense = KernelReconstructor.TryCreate(Contents(model), "model", out _)!;
        Assert.Throws<ArgumentException>(() => dense.Encode(new float[38], new float[5]));
        Assert.Throws<ArgumentException>(() => dense.Encode(new float[37], new float[6]));
        Assert.Throws<ArgumentException>(() => dense.Reconstruct(new float[37], new float[5], new float[36]));
        Assert.Throws<ArgumentException>(() => dense.Decode(new float[6], new float[37]));
        Assert.Throws<ArgumentException>(() => dense.Decode(new float[5], new float[36]));
        dense.Reconstruct([], [], []);
    }
}
