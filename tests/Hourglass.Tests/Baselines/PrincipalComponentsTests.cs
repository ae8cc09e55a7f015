using Hourglass.Baselines;
using Hourglass.Data;
using Hourglass.Data.Stores;
using Hourglass.Networks;
using Hourglass.Networks.Dense;
using Hourglass.Objectives;
using Hourglass.Preprocessing;
using Hourglass.Tests.Training;
using Hourglass.Training;
using static TorchSharp.torch;

namespace Hourglass.Tests.Baselines;

public sealed class PrincipalComponentsTests
{
    private static SampleStore Planted(int features, int rank, int count = 500, float offset = 3)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(2);
        var scale = pow(0.6, arange(rank)).to(ScalarType.Float32);
        var values = (randn([count, rank], generator: generator) * scale).matmul(randn([rank, features], generator: generator)) + (0.02 * randn([count, features], generator: generator)) + offset;
        using var writer = SampleStore.CreateTemporary(null, [features], ElementType.Float32);
        writer.Append(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(values.contiguous().bytes));
        return writer.Finish();
    }

    private static SampleStore Noise(int count, int features)
    {
        using var scope = NewDisposeScope();
        var values = randn([count, features], generator: new Generator(8)) * 0.3;
        using var writer = SampleStore.CreateTemporary(null, [features], ElementType.Float32);
        writer.Append(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(values.contiguous().bytes));
        return writer.Finish();
    }

    private static long[] All(SampleStore store) => [.. Enumerable.Range(0, (int)store.Count).Select(index => (long)index)];

    [Theory]
    [InlineData(8, 500, 3)]
    [InlineData(45, 4500, 300)] // two panels, several sums of blocks, the last of them ragged; a mean far from zero
    public void Components_equal_those_of_a_singular_value_decomposition(int features, int count, float offset)
    {
        using var scope = NewDisposeScope();
        using var store = Planted(features, 3, count, offset);
        var pca = PrincipalComponents.Fit(store, All(store), 3);
        var values = new float[store.Count * features];
        store.Read(0, (int)store.Count, values);
        var data = tensor(values, store.Count, features).to(ScalarType.Float64);
        var (_, _, right) = linalg.svd(data - data.mean([0L]), fullMatrices: false);
        var overlap = tensor(pca.Components, 3, features).to(ScalarType.Float64).matmul(right.narrow(0, 0, 3).t()).abs();
        Assert.True((overlap - eye(3, dtype: ScalarType.Float64)).abs().max().item<double>() < 1e-4);
        Assert.Equal(data.mean([0L])[2].item<double>(), pca.Mean[2], 1e-4);
    }

    [Fact]
    public void The_randomised_method_finds_the_same_error_as_the_exact_one_would()
    {
        using var store = Planted(PrincipalComponents.ExactFeatures + 40, 4, 120);
        var pca = PrincipalComponents.Fit(store, All(store), 4);
        Assert.InRange(pca.SquaredErrors(store, All(store)).Average(), 0.0003, 0.0006); // the planted noise has variance 0.0004
    }

    [Fact]
    public void All_components_reconstruct_exactly_and_no_more_are_given_than_exist()
    {
        using var store = Planted(5, 3, 60);
        var pca = PrincipalComponents.Fit(store, All(store), 99);
        Assert.Equal(5, pca.Count);
        Assert.InRange(pca.SquaredErrors(store, All(store)).Max(), 0, 1e-9);
    }

    [Fact]
    public void A_linear_autoencoder_spans_the_subspace_of_PCA()
    {
        using var scope = NewDisposeScope();
        using var store = Planted(10, 3, 600, offset: 0);
        var pca = PrincipalComponents.Fit(store, All(store), 3);
        using var model = new Autoencoder(new AutoencoderOptions
        {
            Input = new InputOptions { Shape = [10], Blocks = [new FeatureBlock("values", 0, 10, FeatureBlockKind.Numeric)] },
            LatentSize = 3,
            Network = new DenseNetworkOptions { Hidden = [], Activation = Activation.Linear },
            Objective = new SquaredErrorOptions(),
            Training = new TrainingOptions { Epochs = 300, BatchSize = 60, LearningRate = 0.01, Schedule = ScheduleKind.Cosine, Patience = null },
        });
        using (var trainer = new Trainer(model, store, new SampleSplit(All(store), [])))
        {
            trainer.Run();
        }

        var decoder = model.named_parameters().Single(entry => entry.name.Contains("output", StringComparison.Ordinal) && entry.parameter.dim() == 2).parameter; // [feature, latent]
        var (orthonormal, _) = linalg.qr(decoder.detach());
        var cosines = linalg.svd(tensor(pca.Components, 3, 10).matmul(orthonormal), fullMatrices: false).S;
        var degrees = Math.Acos(Math.Min(1, cosines.min().item<float>())) * 180 / Math.PI;
        var reader = new TrainedAutoencoder(model, null!, pca, null, null!).Measure(store, All(store)).Squared.Average();
        Assert.True(degrees < 1, $"{degrees} degrees; errors {reader} and {pca.SquaredErrors(store, All(store)).Average()}");
    }

    [Theory]
    [InlineData("none", 0.0, 0.02)]
    [InlineData("dropout", 0.02, 10)]
    [InlineData("contractive", 0.02, 10)]
    [InlineData("l1", 0.02, 10)]
    [InlineData("l2", 0.02, 10)]
    [InlineData("sparse", 0.02, 10)]
    [InlineData("denoising", 0.02, 10)]
    public void An_overcomplete_model_learns_the_identity_unless_it_is_regularised(string regulariser, double low, double high)
    {
        using var store = Noise(800, 6);
        var options = TrainerTests.SmallOptions() with
        {
            LatentSize = 24,
            Network = new DenseNetworkOptions { Hidden = [], Activation = Activation.Linear, Dropout = 0, InputDropout = regulariser == "dropout" ? 0.5 : 0 },
            Training = new TrainingOptions { Epochs = 60, BatchSize = 32, LearningRate = 0.01 },
        };
        options = regulariser switch
        {
            "contractive" => options with { Regularization = new() { Contractive = 3 } },
            "l1" => options with { Regularization = new() { L1 = 0.02 } },
            "l2" => options with { Regularization = new() { L2 = 0.02 } },
            "sparse" => options with { Bottleneck = new Hourglass.Bottlenecks.DeterministicOptions { L1 = 2 } },
            "denoising" => options with { Corruption = new Hourglass.Corruption.GaussianCorruptionOptions { StandardDeviation = 0.3 } },
            _ => options,
        };
        using var model = new Autoencoder(options);
        using (var trainer = new Trainer(model, store, TrainerTests.Split(store.Count)))
        {
            trainer.Run();
        }

        // How far the whole is from the identity, on new samples of the same kind.
        using var scope = NewDisposeScope();
        var random = randn([200, 6], generator: new Generator(4)) * 0.3;
        var error = ((model.Reconstruct(random) - random).square().mean() / random.square().mean()).item<float>();
        Assert.InRange(error, low, high);
    }
}
