using Hourglass.Bottlenecks;
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

/// <summary>Samples that are mostly zero train from their filled columns alone, to automatic differentiation's weights; rows of weights that miss steps end in the bits of rows that took them.</summary>
public sealed class FusedSparseInputTests
{
    private const int Samples = 61;
    private const int Columns = 317;
    private const int Batch = 13;

    private static readonly AutoencoderOptions Base = new()
    {
        Input = new InputOptions { Shape = [Columns], IsUnitInterval = true, Blocks = [new("a", 0, 300, FeatureBlockKind.Numeric), new("b", 300, 17, FeatureBlockKind.Categorical)] },
        LatentSize = 5,
        Network = new DenseNetworkOptions { Hidden = [45], Activation = Activation.Tanh },
        Objective = new MultinomialOptions(),
        Training = new TrainingOptions { BatchSize = Batch, Seed = 3 },
    };

    private static readonly Dictionary<string, AutoencoderOptions> Cases = new(StringComparer.Ordinal)
    {
        ["multinomial"] = Base,
        ["cross-entropy"] = Base with { Objective = new BinaryCrossEntropyOptions() },
        ["squared error, clipped"] = Base with { Objective = new SquaredErrorOptions(), Training = Base.Training with { ClipNorm = 0.001 } },
        ["mixed"] = Base with { Objective = new MixedOptions() },
        ["dropout, gaussian"] = Base with { Bottleneck = new GaussianOptions(), Network = new DenseNetworkOptions { Hidden = [45, 19], Dropout = 0.1, InputDropout = 0.5 } },
        ["batch normalisation, clipped"] = Base with { Network = new DenseNetworkOptions { Hidden = [45], Normalization = Normalization.Batch }, Training = Base.Training with { ClipNorm = 0.001, Optimizer = OptimizerKind.Sgd } },
        ["gaussian, three draws"] = Base with { Bottleneck = new GaussianOptions { Draws = 3 } },
        ["layer normalisation"] = Base with { Network = new DenseNetworkOptions { Hidden = [45], Normalization = Normalization.Layer, Activation = Activation.Tanh } },
        ["penalties"] = Base with { Regularization = new RegularizationOptions { L1 = 0.001, L2 = 0.01 } },
        ["decay"] = Base with { Training = Base.Training with { Optimizer = OptimizerKind.AdamW, WeightDecay = 0.1 } },
        ["momentum"] = Base with { Training = Base.Training with { Optimizer = OptimizerKind.Sgd } },
        ["top-k"] = Base with { LatentSize = 40, Bottleneck = new TopKOptions { Active = 4, RevivalWeight = 0 } },
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    internal static AutoencoderOptions Get(string name) => Cases[name];

    // A few columns are common, most are rare, some are never filled.
    internal static SampleStore Store()
    {
        var random = new Random(4);
        var values = new float[Samples * Columns];
        for (var entry = 0; entry < Samples * 12; entry++)
        {
            values[(entry / 12 * Columns) + (int)(290 * Math.Pow(random.NextDouble(), 3))] = random.NextSingle();
        }

        return SampleStores.Of(values, Columns);
    }

    [Theory, MemberData(nameof(Names))]
    public void Gradients_and_ten_steps_are_those_of_automatic_differentiation(string name)
    {
        using var store = Store();
        Assert.True(FusedInput.AreSparse(store));
        FusedStepTests.Agree(Cases[name], store, name);
    }

    [Theory]
    [InlineData("multinomial")]
    [InlineData("penalties")]
    [InlineData("decay")]
    [InlineData("momentum")]
    public void Steps_made_up_for_give_the_bits_of_steps_made_in_time(string name)
    {
        var (origin, state) = FusedStepTests.Start(Cases[name], null);
        var lazy = Train(Cases[name], origin, threads: 1);
        Assert.Equal(lazy, Train(Cases[name], origin, threads: 3));
        Assert.Equal(lazy, Train(Cases[name] with { Training = Cases[name].Training with { ClipNorm = 1e30 } }, origin, threads: 2)); // a limit keeps all gradients, and every row takes every step
        state.Dispose();
        origin.Dispose();
    }

    private static float[] Train(AutoencoderOptions options, Autoencoder origin, int threads)
    {
        using var scope = NewDisposeScope();
        using var store = Store();
        using var reader = new BatchReader(store, CPU);
        var (model, state) = FusedStepTests.Start(options, origin);
        using (var fused = new FusedStep(model, store, reader, Batch, threads))
        {
            for (var epoch = 0; epoch < 2; epoch++)
            {
                fused.Begin(state);
                for (var step = 0; step < 8; step++)
                {
                    fused.Run(state, Enumerable.Range(0, Batch).Select(sample => (long)((sample * 5) + step) % 23).ToArray(), epoch);
                }

                fused.End(state);
            }
        }

        var values = FusedStepTests.Floats(state.Parameters.Values).Concat(FusedStepTests.Floats(state.Optimizer.State[0])).ToArray();
        state.Dispose();
        model.Dispose();
        return values;
    }
}
