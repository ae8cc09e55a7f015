using System.Runtime.InteropServices;
using Hourglass.Bottlenecks;
using Hourglass.Corruption;
using Hourglass.Data.Stores;
using Hourglass.Networks;
using Hourglass.Networks.Dense;
using Hourglass.Objectives;
using Hourglass.Preprocessing;
using Hourglass.Regularization;
using Hourglass.Training;
using Hourglass.Training.Steps;
using static TorchSharp.torch;

namespace Hourglass.Tests.Training;

/// <summary>The fused step gives automatic differentiation's gradients and weights, to rounding, on sizes that fit no register.</summary>
public sealed class FusedStepTests
{
    private const int Samples = 61;
    private const int Batch = 13;

    private static readonly InputOptions Input = new()
    {
        Shape = [37],
        IsUnitInterval = true,
        Blocks = [new("a", 0, 30, FeatureBlockKind.Numeric), new("b", 30, 1, FeatureBlockKind.Binary), new("c", 31, 6, FeatureBlockKind.Categorical)],
    };

    private static readonly AutoencoderOptions Base = new()
    {
        Input = Input,
        LatentSize = 5,
        Network = new DenseNetworkOptions { Hidden = [45, 19], Activation = Activation.Tanh },
        Objective = new BinaryCrossEntropyOptions(),
        Training = new TrainingOptions { BatchSize = Batch, Seed = 3 },
    };

    private static readonly Dictionary<string, AutoencoderOptions> Cases = All();

    public static TheoryData<string> Names => [.. Cases.Keys];

    internal static AutoencoderOptions Get(string name) => Cases[name];

    private static Dictionary<string, AutoencoderOptions> All()
    {
        var cases = new Dictionary<string, AutoencoderOptions>(StringComparer.Ordinal)
        {
            ["cross-entropy"] = Base,
            ["squared error, linear"] = Base with { Network = new DenseNetworkOptions { Hidden = [] }, Objective = new SquaredErrorOptions() },
            ["huber, overcomplete"] = Base with { LatentSize = 70, Objective = new HuberOptions { Delta = 0.3 } },
            ["continuous bernoulli"] = Base with { Objective = new ContinuousBernoulliOptions() },
            ["gaussian likelihood"] = Base with { Objective = new GaussianLikelihoodOptions(), Bottleneck = new GaussianOptions() },
            ["gaussian likelihood per value, penalties, clipped"] = Base with { Objective = new GaussianLikelihoodOptions { PerValue = true }, Regularization = new RegularizationOptions { L2 = 0.01 }, Training = Base.Training with { ClipNorm = 0.001 } },
            ["gaussian likelihood, decay"] = Base with { Objective = new GaussianLikelihoodOptions { PerValue = true }, Training = Base.Training with { Optimizer = OptimizerKind.AdamW, WeightDecay = 0.1 } },
            ["mixed"] = Base with { Objective = new MixedOptions() },
            ["multinomial"] = Base with { Objective = new MultinomialOptions() },
            ["output activation"] = Base with { Network = new DenseNetworkOptions { Hidden = [33], OutputActivation = Activation.Sigmoid }, Objective = new SquaredErrorOptions() },
            ["own decoder"] = Base with { Network = new DenseNetworkOptions { Hidden = [20], DecoderHidden = [7, 50] } },
            ["wide, dropout"] = Base with { Network = new DenseNetworkOptions { Hidden = [420, 330], Dropout = 0.2, Activation = Activation.Tanh } }, // threads share outputs; the second map is multiplied in blocks
            ["tied weights"] = Base with { Network = new DenseNetworkOptions { Hidden = [45, 19], TiedWeights = true, Dropout = 0.2, Activation = Activation.Tanh } },
            ["tied weights, one map"] = Base with { LatentSize = 50, Network = new DenseNetworkOptions { Hidden = [], TiedWeights = true }, Objective = new SquaredErrorOptions() },
            ["tied weights, gaussian, decay"] = Base with { Bottleneck = new GaussianOptions(), Network = new DenseNetworkOptions { Hidden = [45], TiedWeights = true }, Training = Base.Training with { Optimizer = OptimizerKind.AdamW, WeightDecay = 0.1 } },
            ["tied weights, penalties, clipped"] = Base with { Network = new DenseNetworkOptions { Hidden = [45], TiedWeights = true }, Regularization = new RegularizationOptions { L1 = 0.001, L2 = 0.01 }, Training = Base.Training with { ClipNorm = 0.001 } },
            ["dropout"] = Base with { Network = new DenseNetworkOptions { Hidden = [45, 19], Dropout = 0.3, InputDropout = 0.2 } },
            ["gaussian"] = Base with { Bottleneck = new GaussianOptions { Beta = 2, AnnealingEpochs = 3 } },
            ["gaussian, free bits, dropout"] = Base with { Bottleneck = new GaussianOptions { FreeBits = 0.02 }, Network = new DenseNetworkOptions { Hidden = [45], Dropout = 0.2 } },
            ["gaussian, five draws"] = Base with { Bottleneck = new GaussianOptions { Draws = 5, Beta = 0.7, AnnealingEpochs = 3 } },
            ["gaussian, three draws, plain gradient, dropout"] = Base with { Bottleneck = new GaussianOptions { Draws = 3, DoublyReparameterized = false }, Network = new DenseNetworkOptions { Hidden = [45, 19], Activation = Activation.Gelu, Dropout = 0.2, InputDropout = 0.1 } },
            ["gaussian, three draws, tied, contractive, clipped"] = Base with { Bottleneck = new GaussianOptions { Draws = 3 }, Regularization = new RegularizationOptions { Contractive = 0.5, ContractiveProbes = 3 }, Network = new DenseNetworkOptions { Hidden = [45], TiedWeights = true, Activation = Activation.Sigmoid }, Training = Base.Training with { ClipNorm = 0.001 } },
            ["gaussian, two draws, no hidden layer, huber"] = Base with { Bottleneck = new GaussianOptions { Draws = 2 }, Objective = new HuberOptions { Delta = 0.3 }, Network = new DenseNetworkOptions { Hidden = [] } },
            ["gaussian, no hidden layer"] = Base with { Bottleneck = new GaussianOptions(), Network = new DenseNetworkOptions { Hidden = [] } },
            ["binarised"] = Base with { Objective = new BinaryCrossEntropyOptions { Binarization = Binarization.Dynamic } },
            ["latent penalties"] = Base with { Bottleneck = new DeterministicOptions { Activation = Activation.Sigmoid, KlRho = 0.7, L1 = 0.3, L2 = 0.2 } },
            ["weight penalties, clipped"] = Base with { Regularization = new RegularizationOptions { L1 = 0.001, L2 = 0.01 }, Training = Base.Training with { ClipNorm = 0.001 } },
            ["weight penalties"] = Base with { Regularization = new RegularizationOptions { L1 = 0.001, L2 = 0.01 } },
            ["decay"] = Base with { Training = Base.Training with { Optimizer = OptimizerKind.AdamW, WeightDecay = 0.1 } },
            ["momentum"] = Base with { Training = Base.Training with { Optimizer = OptimizerKind.Sgd } },
            ["momentum, clipped"] = Base with { Training = Base.Training with { Optimizer = OptimizerKind.Sgd, ClipNorm = 0.001 } },
        };
        foreach (var (name, options) in Dictionaries().Concat(JacobianPenalties()).Concat(Normalizations()))
        {
            cases[name] = options;
        }

        foreach (var activation in Enum.GetValues<Activation>())
        {
            cases[$"contractive {activation}"] = Base with { Network = new DenseNetworkOptions { Hidden = [45, 19], Activation = activation }, Regularization = new RegularizationOptions { Contractive = 0.5 } };
            cases[$"activation {activation}"] = Base with { Network = new DenseNetworkOptions { Hidden = [45, 19], Activation = activation, Dropout = 0.1 } };
        }

        foreach (var corruption in new CorruptionOptions[] { new GaussianCorruptionOptions(), new MaskingCorruptionOptions(), new SaltAndPepperCorruptionOptions(), new SwapCorruptionOptions() })
        {
            cases[corruption.GetType().Name] = Base with { Corruption = corruption };
        }

        return cases;
    }

    // Some units are dead after the first batch: it leaves most of them silent.
    private static IEnumerable<(string Name, AutoencoderOptions Options)> Dictionaries()
    {
        var linear = Base with { LatentSize = 71, Network = new DenseNetworkOptions { Hidden = [] }, Objective = new SquaredErrorOptions() };
        var few = new TopKOptions { Active = 5, DeadAfter = 12, RevivedUnits = 7 };
        yield return ("top-k", linear with { Bottleneck = few });
        yield return ("top-k, nothing revived, free rows", linear with { Bottleneck = few with { RevivalWeight = 0 }, Regularization = new RegularizationOptions { UnitNormDictionary = false } });
        yield return ("top-k, cross-entropy, decay", linear with { Bottleneck = few, Objective = new BinaryCrossEntropyOptions(), Training = Base.Training with { Optimizer = OptimizerKind.AdamW, WeightDecay = 0.1 } });
        yield return ("top-k, hidden layers", linear with { Bottleneck = few, Network = new DenseNetworkOptions { Hidden = [45, 19], DecoderHidden = [], Dropout = 0.1 } });
        yield return ("top-k, deep decoder", linear with { Bottleneck = few with { RevivalWeight = 0 }, Network = new DenseNetworkOptions { Hidden = [19], Activation = Activation.Gelu, Dropout = 0.1 } });
        yield return ("top-k, penalties", linear with { Bottleneck = few, Regularization = new RegularizationOptions { L1 = 0.001, L2 = 0.01 } });
        yield return ("top-k, penalties, clipped", linear with { Bottleneck = few, Regularization = new RegularizationOptions { L1 = 0.001, L2 = 0.01 }, Training = Base.Training with { ClipNorm = 0.001 } });
        yield return ("top-k, momentum", linear with { Bottleneck = few with { RevivedUnits = 1000 }, Training = Base.Training with { Optimizer = OptimizerKind.Sgd } });
    }

    // Weights of the size of the other terms: a penalty that hardly counts would hide a mistake.
    private static IEnumerable<(string Name, AutoencoderOptions Options)> JacobianPenalties()
    {
        var contractive = new RegularizationOptions { Contractive = 0.5 };
        var (exact, decoder) = (contractive with { ContractiveProbes = null }, new RegularizationOptions { DecoderGradient = 0.3 });
        var one = Base with { LatentSize = 50, Network = new DenseNetworkOptions { Hidden = [] }, Bottleneck = new DeterministicOptions { Activation = Activation.Sigmoid } };
        var tied = Base with { Network = new DenseNetworkOptions { Hidden = [45], Activation = Activation.Sigmoid, TiedWeights = true } };
        yield return ("contractive", Base with { Regularization = contractive });
        yield return ("contractive, three directions, latent sigmoid", Base with { Regularization = contractive with { ContractiveProbes = 3 }, Bottleneck = new DeterministicOptions { Activation = Activation.Sigmoid, KlRho = 0.7 } });
        yield return ("contractive, exact", Base with { Regularization = exact });
        yield return ("contractive, dropout, corruption", Base with { Regularization = contractive with { L2 = 0.01 }, Corruption = new MaskingCorruptionOptions(), Network = new DenseNetworkOptions { Hidden = [45, 19], Activation = Activation.Gelu, Dropout = 0.2, InputDropout = 0.1 } });
        yield return ("contractive, gaussian, clipped", Base with { Regularization = contractive, Bottleneck = new GaussianOptions(), Training = Base.Training with { ClipNorm = 0.001 } });
        yield return ("contractive, gaussian, binarised, decay", Base with { Regularization = contractive, Bottleneck = new GaussianOptions(), Objective = new BinaryCrossEntropyOptions { Binarization = Binarization.Dynamic }, Training = Base.Training with { Optimizer = OptimizerKind.AdamW, WeightDecay = 0.1 } });
        yield return ("contractive, one map", one with { Regularization = contractive });
        yield return ("contractive, one map, exact", one with { Regularization = exact });
        yield return ("contractive, one linear map, exact, momentum", one with { Bottleneck = new DeterministicOptions(), Regularization = exact, Training = Base.Training with { Optimizer = OptimizerKind.Sgd } });
        yield return ("contractive, one map, exact, corruption", one with { Regularization = exact with { L1 = 0.001 }, Corruption = new GaussianCorruptionOptions() });
        yield return ("contractive, tied", tied with { Regularization = contractive });
        yield return ("contractive, tied, one map, exact", one with { Network = new DenseNetworkOptions { Hidden = [], TiedWeights = true }, Regularization = exact });
        yield return ("contractive, tied, noise, clipped", tied with { Regularization = contractive, Corruption = new GaussianCorruptionOptions(), Training = Base.Training with { ClipNorm = 0.001 } });
        yield return ("decoder gradient", Base with { Regularization = decoder });
        yield return ("decoder gradient, gaussian, dropout", Base with { Regularization = decoder, Bottleneck = new GaussianOptions(), Objective = new SquaredErrorOptions(), Network = new DenseNetworkOptions { Hidden = [45], Activation = Activation.Silu, Dropout = 0.2, OutputActivation = Activation.Sigmoid } });
        yield return ("decoder gradient, tied", tied with { Regularization = decoder });
        yield return ("both gradients, tied", tied with { Regularization = decoder with { Contractive = 0.5, ContractiveProbes = 2 } });
        yield return ("both gradients, one map, huber", one with { Regularization = decoder with { Contractive = 0.5 }, Objective = new HuberOptions { Delta = 0.3 } });
    }

    private static IEnumerable<(string Name, AutoencoderOptions Options)> Normalizations()
    {
        foreach (var kind in new[] { Normalization.Layer, Normalization.Batch })
        {
            var network = new DenseNetworkOptions { Hidden = [45, 19], Normalization = kind, Activation = Activation.Tanh };
            var normalized = Base with { Network = network };
            yield return ($"{kind}", normalized);
            yield return ($"{kind}, gelu, dropout, gaussian", normalized with { Bottleneck = new GaussianOptions { FreeBits = 0.02 }, Network = network with { Activation = Activation.Gelu, Dropout = 0.2, InputDropout = 0.1 } });
            yield return ($"{kind}, sigmoid, penalties, clipped", normalized with { Network = network with { Activation = Activation.Sigmoid }, Regularization = new RegularizationOptions { L1 = 0.001, L2 = 0.01 }, Training = Base.Training with { ClipNorm = 0.001 } });
            yield return ($"{kind}, tied, decay", normalized with { Network = network with { TiedWeights = true }, Training = Base.Training with { Optimizer = OptimizerKind.AdamW, WeightDecay = 0.1 } });
            yield return ($"{kind}, own decoder, likelihood, momentum", normalized with { Network = network with { DecoderHidden = [7, 50] }, Objective = new GaussianLikelihoodOptions { PerValue = true }, Training = Base.Training with { Optimizer = OptimizerKind.Sgd } });
            yield return ($"{kind}, latent penalties, corruption", normalized with { Corruption = new MaskingCorruptionOptions(), Bottleneck = new DeterministicOptions { Activation = Activation.Sigmoid, KlRho = 0.7 } });
            yield return ($"{kind}, top-k, revived", normalized with { LatentSize = 71, Network = network with { DecoderHidden = [] }, Objective = new SquaredErrorOptions(), Bottleneck = new TopKOptions { Active = 5, DeadAfter = 12, RevivedUnits = 7 } });
        }
    }

    private static SampleStore Store()
    {
        using var scope = NewDisposeScope();
        using var noise = new Generator(11);
        var values = rand([Samples, 37], generator: noise);
        values.narrow(1, 30, 1).round_();
        values.narrow(1, 31, 6).copy_(nn.functional.one_hot(randint(0, 6, [Samples], dtype: ScalarType.Int64, generator: noise), 6).to(ScalarType.Float32));
        return SampleStores.Of(values, [37]);
    }

    internal static float[] Floats(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes).ToArray();

    internal static (Autoencoder Model, TrainingState State) Start(AutoencoderOptions options, Autoencoder? like)
    {
        var model = new Autoencoder(options);
        if (like is not null)
        {
            using var noGrad = no_grad();
            foreach (var (mine, other) in model.parameters().Zip(like.parameters()))
            {
                mine.copy_(other);
            }
        }
        else
        {
            using var noGrad = no_grad();
            using var noise = new Generator(5); // the engine's own would go on from whatever ran before
            foreach (var bias in model.parameters().Where(parameter => parameter.dim() == 1))
            {
                bias.copy_(randn(bias.shape, generator: noise) * 0.1); // biases of zero would hide a mistake
            }

            foreach (var (_, closing) in model.named_parameters().Where(entry => entry.parameter.dim() > 1 && entry.name.Contains("closing", StringComparison.Ordinal)))
            {
                closing.copy_(randn(closing.shape, generator: noise) * 0.1); // and so would residual branches that start closed
            }
        }

        model.train();
        var parameters = new FlatParameters(model);
        return (model, new TrainingState { Parameters = parameters, Optimizer = FlatOptimizer.Create(options.Training, parameters) });
    }

    [Theory, MemberData(nameof(Names))]
    public void Gradients_and_ten_steps_are_those_of_automatic_differentiation(string name)
    {
        using var store = Store();
        Agree(Cases[name], store, name);
    }

    /// <summary>Gradients, ten steps and buffers of both engines.</summary>
    internal static void Agree(AutoencoderOptions options, SampleStore store, string name)
    {
        using var scope = NewDisposeScope();
        using var reader = new BatchReader(store, CPU);
        var (model, state) = Start(options, null);
        var (twin, reference) = Start(options, model);
        using var fused = new FusedStep(model, store, reader, Batch, threads: 2);
        using var autograd = new AutogradStep(twin, reader);
        var indices = Enumerable.Range(0, Batch).Select(sample => (long)(sample * 4 % Samples)).ToArray();
        fused.Begin(state);
        var loss = fused.Differentiate(state, indices, 1.5);
        fused.GiveGradients(state);
        var expected = autograd.Differentiate(reference, indices, 1.5).item<float>();
        Assert.Equal(expected, loss, 1e-5 * Math.Max(1, Math.Abs(expected)));
        var (expectedGradients, gradients) = (Floats(reference.Parameters.Gradients), Floats(state.Parameters.Gradients));
        Near(expectedGradients, gradients, 2e-4, name);
        Near(Learnt(options, reference, expectedGradients), Learnt(options, state, gradients), options.Network!.Normalization == Normalization.Batch ? 5e-5 : 2e-5, name);

        for (var step = 0; step < 10; step++)
        {
            var rows = indices.AsSpan(0, step == 4 ? 3 : Batch); // a ragged batch between whole ones
            Assert.Equal(autograd.Run(reference, rows, 1.5 + (step * 0.1)), fused.Run(state, rows, 1.5 + (step * 0.1)), 1e-4);
        }

        fused.End(state);
        Near(Learnt(options, reference, Floats(reference.Parameters.Values)), Learnt(options, state, Floats(state.Parameters.Values)), 2e-3, name);
        foreach (var (expectedBuffer, buffer) in reference.Parameters.Buffers.Zip(state.Parameters.Buffers))
        {
            var tolerance = expectedBuffer.Tensor.dtype != ScalarType.Float32 ? 0 : expectedBuffer.Name.EndsWith("running_mean", StringComparison.Ordinal) ? 0.05 : 1e-3;
            Near(Floats(expectedBuffer.Tensor), Floats(buffer.Tensor), tolerance, $"{name}, {expectedBuffer.Name}");
        }

        EvaluationAgrees(model, fused, reader, name);
        model.Dispose();
        twin.Dispose();
        state.Dispose();
        reference.Dispose();
    }

    // The same weights: those that the steps have left in both places.
    private static void EvaluationAgrees(Autoencoder model, FusedStep fused, BatchReader reader, string name)
    {
        using var autograd = new AutogradStep(model, reader);
        foreach (var count in new[] { Samples, 3 }) // more samples than a batch has room for, and fewer
        {
            var samples = Enumerable.Range(0, count).Select(sample => (long)(count - 1 - sample)).ToArray();
            using Generator noise = new(7), again = new(7), other = new(7);
            var expected = autograd.Evaluate(samples, noise);
            var loss = fused.Evaluate(samples, again);
            Assert.True(Math.Abs(expected - loss) <= 2e-6 * Math.Max(1, Math.Abs(expected)), $"{name}: the loss of {count} samples is {loss}, expected {expected}.");
            Assert.Equal(loss, fused.Evaluate(samples, other));
        }
    }

    // What batch normalisation takes away again (biases of maps before it) has no gradient but rounding's, which Adam makes steps of; it shows in running means alone.
    private static float[] Learnt(AutoencoderOptions options, TrainingState state, float[] values)
    {
        values = [.. values];
        foreach (var place in state.Parameters.Layout.Where(place => options.Network!.Normalization == Normalization.Batch && place.Shape.Length == 1 && !place.Name.Contains("_normalizations", StringComparison.Ordinal)))
        {
            values.AsSpan((int)place.Offset, (int)place.Count).Clear();
        }

        return values;
    }

    [Theory]
    [InlineData("gaussian, free bits, dropout")]
    [InlineData("wide, dropout")]
    [InlineData("top-k, hidden layers")]
    [InlineData("contractive, dropout, corruption")]
    [InlineData("Batch, gelu, dropout, gaussian")]
    [InlineData("gaussian, three draws, plain gradient, dropout")]
    public void The_number_of_threads_changes_no_bit(string name)
    {
        using var store = Store();
        AgreeOnThreads(Cases[name], store);
    }

    /// <summary>Five steps on one, two and three threads, and on three and then one.</summary>
    internal static void AgreeOnThreads(AutoencoderOptions options, SampleStore store)
    {
        var (results, losses) = (new List<float[]>(), new List<double>());
        var (origin, start) = Start(options, null);
        using var reader = new BatchReader(store, CPU);
        var changing = new ThreadChoice(3);
        for (var step = 0; step < 70; step++)
        {
            changing.Took(1e-4); // now six steps into a comparison: two more on three threads, then some on one
        }

        foreach (var (threads, choice) in new[] { (1, null), (2, null), (3, null), (3, changing) })
        {
            var (model, state) = Start(options, origin);
            using (var fused = new FusedStep(model, store, reader, Batch, threads, choice: choice))
            {
                fused.Begin(state);
                for (var step = 0; step < 5; step++)
                {
                    fused.Run(state, Enumerable.Range(step, Batch).Select(sample => (long)sample).ToArray(), step);
                }

                using var noise = new Generator(7);
                losses.Add(fused.Evaluate([.. Enumerable.Range(0, Samples).Select(sample => (long)sample)], noise));
                fused.End(state);
            }

            results.Add(Floats(state.Parameters.Values));
            state.Dispose();
            model.Dispose();
        }

        start.Dispose();
        origin.Dispose();
        Assert.Equal(1, changing.Threads);
        Assert.All(results, result => Assert.Equal(results[0], result));
        Assert.All(losses, loss => Assert.Equal(losses[0], loss));
    }

    // Relative to the largest value: Adam divides small gradients by their own size, and there rounding decides.
    internal static void Near(float[] expected, float[] actual, double tolerance, string name)
    {
        var scale = expected.Max(Math.Abs);
        for (var place = 0; place < expected.Length; place++)
        {
            Assert.True(Math.Abs(expected[place] - actual[place]) <= tolerance * scale, $"{name}: value {place} is {actual[place]}, expected {expected[place]} (largest {scale}).");
        }
    }
}
