using System.Runtime.InteropServices;
using Hourglass.Data;
using Hourglass.Data.Stores;
using Hourglass.Evaluation;
using Hourglass.Preprocessing;
using Hourglass.Training;
using static TorchSharp.torch;

namespace Hourglass.Tests.Networks;

/// <summary>What training promises for every combination of choices: a resumed run equals an unbroken one, files give the model back, nothing leaks.</summary>
public sealed class KindTests : IDisposable
{
    private const int Count = 24;
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public static TheoryData<string> Models => ContractTests.Models;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static AutoencoderOptions Options(string name) => ContractTests.Get(name) is var options
        ? options with { Training = options.Training with { Epochs = 3, BatchSize = 8, Patience = null } }
        : throw new InvalidOperationException();

    private static SampleStore Store(AutoencoderOptions options)
    {
        using var scope = NewDisposeScope();
        using var writer = SampleStore.CreateTemporary(null, [.. options.Input!.Shape], ElementType.Float32);
        writer.Append(MemoryMarshal.Cast<byte, float>(ContractTests.Samples(options.Input, Count).contiguous().bytes));
        return writer.Finish();
    }

    private static SampleSplit Split() => new([.. Enumerable.Range(0, Count - 8).Select(sample => (long)sample)], [.. Enumerable.Range(Count - 8, 8).Select(sample => (long)sample)]);

    private static SampleLabels? Labels(AutoencoderOptions options) =>
        options.Condition is { } condition ? new SampleLabels(condition.Classes, [.. Enumerable.Range(0, Count).Select(sample => (sample % 3) - 1)]) : null;

    private static Autoencoder Train(AutoencoderOptions options, SampleStore store, string? checkpoint, int? stopAfter)
    {
        var model = new Autoencoder(options);
        using var stop = new CancellationTokenSource();
        using var trainer = new Trainer(model, store, Split(), Labels(options)) { CheckpointPath = checkpoint, Resume = checkpoint is not null, Identity = "test" };
        trainer.Run(new Stopper(stop, stopAfter), stop.Token);
        return model;
    }

    private static float[] Weights(Autoencoder model) => [.. model.parameters().Cast<Tensor>().Concat(model.buffers()).SelectMany(tensor => MemoryMarshal.Cast<byte, float>(tensor.detach().to(ScalarType.Float32).contiguous().bytes).ToArray())];

    [Theory, MemberData(nameof(Models))]
    public void A_run_that_was_stopped_and_resumed_ends_in_the_same_bits(string name)
    {
        var options = Options(name);
        using var store = Store(options);
        using var unbroken = Train(options, store, null, null);
        var checkpoint = Path.Combine(_folder, "run.checkpoint");
        Train(options, store, checkpoint, 1).Dispose();
        using var resumed = Train(options, store, checkpoint, null);
        Assert.Equal(Weights(unbroken), Weights(resumed));
    }

    [Theory, MemberData(nameof(Models))]
    public void A_file_gives_the_model_back(string name)
    {
        var options = Options(name) with { Training = Options(name).Training with { Epochs = 1 } };
        using var store = Store(options);
        using var model = Train(options, store, null, null);
        var path = Path.Combine(_folder, "model.hourglass");
        var preprocessing = new ArrayPreprocessing { Shape = options.Input!.Shape, Offsets = [0], Scales = [1], UnitInterval = true };
        var record = new TrainingRecord(
            new DataDescription { Source = "test", Format = "npy", Samples = Count, Hash = "0" }, Count, 0, new TrainingHistory([], 1, StopReason.Completed, [], 1, 1), 1, null, EngineVersions.Current, DateTimeOffset.UnixEpoch);
        new TrainedAutoencoder(model, preprocessing, null, null, record).Save(path);
        using var loaded = TrainedAutoencoder.Load(path);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var samples = ContractTests.Samples(options.Input);
        Assert.True(model.Reconstruct(samples).equal(loaded.Model.Reconstruct(samples)).all().item<bool>());
        Assert.Equal(Weights(model), Weights(loaded.Model));
    }

    [Theory, MemberData(nameof(Models))]
    public void Training_leaves_no_tensors_behind(string name)
    {
        var options = Options(name);
        using var store = Store(options);
        Train(options, store, null, null).Dispose(); // constants that are made once are made now
        using var model = new Autoencoder(options);
        var before = Tensor.TotalCount;
        using (var trainer = new Trainer(model, store, Split(), Labels(options)))
        {
            trainer.Run(null, TestContext.Current.CancellationToken);
        }

        Assert.InRange(Tensor.TotalCount - before, long.MinValue, 8);
    }

    [Fact]
    public void More_draws_give_a_tighter_bound_on_the_likelihood()
    {
        var options = Options("importance-weighted");
        using var store = Store(options);
        using var model = Train(options, store, null, null);
        using var scope = NewDisposeScope();
        var samples = ContractTests.Samples(options.Input!);
        double Bound(int draws) => Enumerable.Range(1, 5).Average(seed =>
        {
            using var noise = new Generator((ulong)seed);
            return model.LogLikelihood(samples, draws, noise).mean().item<float>();
        });
        Assert.True(Bound(1) < Bound(20) && Bound(20) < Bound(400) + 0.01);
    }

    // The doubly reparameterised gradient is another estimate of the same gradient: averaged over draws of noise, they meet.
    [Fact]
    public void Both_gradients_of_the_importance_weighted_bound_agree_on_average()
    {
        double[] Mean(string name)
        {
            using var model = new Autoencoder(ContractTests.Get(name));
            using var scope = NewDisposeScope();
            var samples = ContractTests.Samples(model.Options.Input!);
            var weight = model.named_parameters().First(entry => entry.name.Contains("mean.weight", StringComparison.Ordinal)).parameter;
            for (var round = 0; round < 2000; round++)
            {
                using var inner = NewDisposeScope();
                using var noise = new Generator((ulong)round);
                model.Forward(Batch.Of(samples), new StepContext(noise, 1)).Loss.backward();
            }

            return [.. MemoryMarshal.Cast<byte, float>((weight.grad! / 2000).contiguous().bytes).ToArray().Select(value => (double)value)];
        }

        var (plain, doubly) = (Mean("importance-weighted, plain gradient"), Mean("importance-weighted"));
        var difference = Math.Sqrt(plain.Zip(doubly, (a, b) => (a - b) * (a - b)).Sum() / plain.Sum(value => value * value));
        Assert.InRange(difference, 0, 0.15);
    }

    [Fact]
    public void The_exact_contractive_penalty_of_a_linear_encoder_is_the_squared_norm_of_its_weights()
    {
        using var scope = NewDisposeScope();
        using var noise = new Generator(1);
        var weights = randn([5, 7], generator: noise);
        var penalty = Regularization.ContractivePenalty.Compute(samples => samples.matmul(weights.t()), randn([3, 7], generator: noise), null, new StepContext(noise, 0)).item<float>();
        Assert.Equal(weights.square().sum().item<float>(), penalty, 1e-3f);
    }

    [Fact]
    public void The_flow_prior_is_a_density()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var noise = new Generator(2);
        var prior = new Bottlenecks.Priors.FlowPriorOptions { Layers = 2, Hidden = 16 }.Build(2, new InputOptions { Shape = [2], Blocks = [] });
        foreach (var parameter in prior.parameters())
        {
            parameter.uniform_(-0.5, 0.5, noise);
        }

        const int Cells = 240;
        var line = (arange(Cells) + 0.5) * (24.0 / Cells) - 12;
        var grid = stack([line.repeat_interleave(Cells), line.repeat(Cells)], 1);
        Assert.Equal(1, prior.LogDensity(grid).exp().sum().item<float>() * (24.0 / Cells) * (24.0 / Cells), 0.01);
        // Draws follow the density: the mean log density of draws is minus the entropy under the grid.
        var entropy = -(prior.LogDensity(grid).exp() * prior.LogDensity(grid)).sum().item<float>() * (24.0 / Cells) * (24.0 / Cells);
        Assert.Equal(entropy, -prior.LogDensity(prior.Sample(20_000, noise)).mean().item<float>(), 0.05);
    }

    [Fact]
    public void The_continuous_Bernoulli_is_a_density_with_the_mean_it_reconstructs()
    {
        using var scope = NewDisposeScope();
        var objective = new Objectives.ContinuousBernoulliOptions().Build(ContractTests.Get("mixed"));
        var values = ((arange(10_000) + 0.5) / 10_000).unsqueeze(1);
        foreach (var logit in new[] { -6f, -0.05f, 0f, 0.09f, 0.11f, 3f })
        {
            var density = (-objective.Distances(full([10_000, 1], logit), values, null)).exp();
            Assert.Equal(1, density.mean().item<float>(), 1e-3f);
            Assert.Equal((density * values).mean().item<float>(), objective.Reconstruction(full([1, 1], logit)).item<float>(), 1e-3f);
        }
    }

    [Fact]
    public void Structural_similarity_is_zero_for_equal_pictures_and_grows_with_noise()
    {
        using var scope = NewDisposeScope();
        using var noise = new Generator(4);
        var objective = new Objectives.StructuralSimilarityOptions().Build(ContractTests.Get("structural similarity"));
        var picture = rand([2, 1, 16, 18], generator: noise);
        double Distance(double amount) => objective.Distances((picture + (randn(picture.shape, generator: noise) * amount)).flatten(1), picture, null).mean().item<float>();
        Assert.Equal(0, Distance(0), 1e-5);
        Assert.True(Distance(0.05) > 0 && Distance(0.05) < Distance(0.3));
    }

    [Fact]
    public void The_distance_of_a_set_from_itself_is_zero_and_from_a_moved_one_the_square_of_the_move()
    {
        using var scope = NewDisposeScope();
        using var noise = new Generator(5);
        var points = randn([500, 4], generator: noise);
        Assert.Equal(0, SampleDistances.Frechet(points, points), 1e-3);
        Assert.Equal(36, SampleDistances.Frechet(points, points + 3), 1e-2);
        Assert.Equal((1, 1), SampleDistances.PrecisionRecall(points, points));
        Assert.Equal((0, 0), SampleDistances.PrecisionRecall(points, points + 100));
    }

    [Fact]
    public void T_sne_keeps_two_groups_apart()
    {
        using var scope = NewDisposeScope();
        using var noise = new Generator(6);
        var points = cat([randn([40, 10], generator: noise), randn([40, 10], generator: noise) + 8], 0);
        var map = TSne.Map(points, 10);
        var nearest = (cdist(map, map) + (eye(80) * 1e9)).min(1).indexes;
        Assert.Equal(80, nearest.lt(40).eq(arange(80).lt(40)).sum().item<long>());
    }

    [Fact]
    public void A_plain_gan_does_not_learn_from_the_distance()
    {
        using var scope = NewDisposeScope();
        var options = Options("gaussian") with
        {
            Bottleneck = new Hourglass.Bottlenecks.WassersteinOptions { Weight = 0 },
            Objective = new Hourglass.Objectives.AdversarialOptions { Reconstruction = 0, Weight = 0 },
        };
        using var model = new Autoencoder(options);
        using var noise = new Generator(1);
        var pass = model.Forward(Batch.Of(ContractTests.Samples(options.Input!, 4)), new StepContext(noise, 0));
        pass.Loss.backward();
        Assert.True(pass.Distance.min().item<float>() > 0);
        Assert.All(model.named_parameters().Where(parameter => parameter.name.Contains("decoder", StringComparison.Ordinal)), parameter =>
            Assert.True(parameter.parameter.grad is not { } gradient || gradient.abs().max().item<float>() == 0, parameter.name));
        Assert.Contains(model.named_parameters(), parameter => parameter.parameter.grad is { } gradient && gradient.abs().max().item<float>() > 0);
    }

    [Fact]
    public void A_masked_autoencoder_shows_the_patches_it_saw_and_no_others()
    {
        using var scope = NewDisposeScope();
        using var model = new Autoencoder(Options("masked autoencoder"));
        using var noise = new Generator(3);
        using var noGrad = no_grad();
        var (seen, reconstruction) = model.ReconstructCorrupted(ones(5, 2, 9, 6), noise);
        Assert.Equal(5 * 2 * 18, seen.sum().item<float>()); // two of six patches of 18 values, as they were
        Assert.Equal(seen.shape, reconstruction.shape);
    }

    [Fact]
    public void A_latent_size_is_chosen_where_larger_ones_no_longer_pay()
    {
        Hourglass.Tasks.Tuning.FrontierPoint[] frontier = [new(2, 1, 1), new(4, 0.5, 1), new(8, 0.55, 1), new(16, 0.2, 1), new(32, 0.19, 1), new(64, 0.18, 1)];
        Assert.Equal(16, Hourglass.Tasks.Tuning.TuneTask.Choose(frontier));
    }

    private sealed class Stopper(CancellationTokenSource stop, int? after) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.EpochShare >= 1 && value.Epoch == after)
            {
                stop.Cancel();
            }
        }
    }
}
