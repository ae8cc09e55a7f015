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

/// <summary>Samples of which a quarter of the values is filled: the first map's products pass zeros by, to automatic differentiation's weights.</summary>
public sealed class FusedZerosTests
{
    private const int Samples = 61;
    private const int Columns = 83;
    private const int Batch = 13;

    private static readonly AutoencoderOptions Base = new()
    {
        Input = new InputOptions { Shape = [Columns], IsUnitInterval = true, Blocks = [new("a", 0, Columns, FeatureBlockKind.Numeric)] },
        LatentSize = 5,
        Network = new DenseNetworkOptions { Hidden = [150, 19], Activation = Activation.Tanh },
        Objective = new BinaryCrossEntropyOptions(),
        Training = new TrainingOptions { BatchSize = Batch, Seed = 3 },
    };

    private static readonly AutoencoderOptions OneMap = Base with { LatentSize = 50, Network = new DenseNetworkOptions { Hidden = [] }, Bottleneck = new DeterministicOptions { Activation = Activation.Sigmoid } };

    private static readonly Dictionary<string, AutoencoderOptions> Cases = new(StringComparer.Ordinal)
    {
        ["cross-entropy"] = Base,
        ["wide"] = Base with { Network = new DenseNetworkOptions { Hidden = [350], Activation = Activation.Tanh } }, // threads share outputs
        ["clipped"] = Base with { Training = Base.Training with { ClipNorm = 0.001 } },
        ["penalties, momentum"] = Base with { Regularization = new RegularizationOptions { L1 = 0.001, L2 = 0.01 }, Training = Base.Training with { Optimizer = OptimizerKind.Sgd } },
        ["masked"] = Base with { Corruption = new MaskingCorruptionOptions() },
        ["dropout, gaussian"] = Base with { Bottleneck = new GaussianOptions(), Network = new DenseNetworkOptions { Hidden = [45], Dropout = 0.1, InputDropout = 0.5 } },
        ["batch normalisation"] = Base with { Network = new DenseNetworkOptions { Hidden = [45], Normalization = Normalization.Batch, Activation = Activation.Tanh } },
        ["tied weights, one map"] = OneMap with { Network = new DenseNetworkOptions { Hidden = [], TiedWeights = true } },
        ["contractive, one map, exact"] = OneMap with { Regularization = new RegularizationOptions { Contractive = 0.5, ContractiveProbes = null } },
        ["contractive, tied"] = Base with { Network = new DenseNetworkOptions { Hidden = [45], Activation = Activation.Sigmoid, TiedWeights = true }, Regularization = new RegularizationOptions { Contractive = 0.5 } },
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    // Ink in runs, paper elsewhere; the last columns are never filled.
    private static SampleStore Store()
    {
        var random = new Random(4);
        var values = new float[Samples * Columns];
        for (var stroke = 0; stroke < Samples * 5; stroke++)
        {
            var start = random.Next(Columns - 13);
            for (var place = start; place < start + 5; place++)
            {
                values[(stroke / 5 * Columns) + place] = 1 - random.NextSingle();
            }
        }

        return SampleStores.Of(values, Columns);
    }

    [Theory, MemberData(nameof(Names))]
    public void Gradients_and_ten_steps_are_those_of_automatic_differentiation(string name)
    {
        using var store = Store();
        FusedStepTests.Agree(Cases[name], store, name);
    }

    [Theory]
    [InlineData("cross-entropy")]
    [InlineData("wide")]
    [InlineData("contractive, tied")]
    public void The_number_of_threads_changes_no_bit(string name)
    {
        using var store = Store();
        FusedStepTests.AgreeOnThreads(Cases[name], store);
    }

    [Theory]
    [InlineData("cross-entropy")]
    [InlineData("tied weights, one map")]
    public void Zeros_are_passed_by(string name)
    {
        using var scope = NewDisposeScope();
        using var store = Store();
        using var reader = new BatchReader(store, CPU);
        var (model, state) = FusedStepTests.Start(Cases[name], null);
        using (var fused = new FusedStep(model, store, reader, Batch, threads: 2))
        {
            fused.Begin(state);
            fused.Run(state, Enumerable.Range(0, Batch).Select(sample => (long)sample).ToArray(), 0);
            Assert.True(fused.PassesZerosBy);
        }

        state.Dispose();
        model.Dispose();
    }
}
