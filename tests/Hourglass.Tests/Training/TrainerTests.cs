using Hourglass.Bottlenecks;
using Hourglass.Data;
using Hourglass.Data.Stores;
using Hourglass.Networks;
using Hourglass.Networks.Dense;
using Hourglass.Objectives;
using Hourglass.Preprocessing;
using Hourglass.Training;

namespace Hourglass.Tests.Training;

public sealed class TrainerTests
{
    internal static AutoencoderOptions SmallOptions(int features = 6) => new()
    {
        Input = new InputOptions { Shape = [features], Blocks = [new FeatureBlock("values", 0, features, FeatureBlockKind.Numeric)] },
        LatentSize = 2,
        Network = new DenseNetworkOptions { Hidden = [8], Activation = Activation.Tanh },
        Objective = new SquaredErrorOptions(),
        Training = new TrainingOptions { Epochs = 8, BatchSize = 16 },
    };

    internal static SampleStore Store(int count, int features, int seed = 1)
    {
        var random = new Random(seed);
        using var writer = SampleStore.CreateTemporary(null, [features], ElementType.Float32);
        var row = new float[features];
        for (var sample = 0; sample < count; sample++)
        {
            var (a, b) = (random.NextDouble() - 0.5, random.NextDouble() - 0.5);
            for (var feature = 0; feature < features; feature++)
            {
                row[feature] = (float)((a * Math.Cos(feature)) + (b * Math.Sin(feature)) + (0.01 * random.NextDouble()));
            }

            writer.Append(row);
        }

        return writer.Finish();
    }

    internal static SampleSplit Split(long count, int every = 5) => new(
        [.. Enumerable.Range(0, (int)count).Where(index => index % every != 0).Select(index => (long)index)],
        [.. Enumerable.Range(0, (int)count).Where(index => index % every == 0).Select(index => (long)index)]);

    internal static float[] Weights(Autoencoder model) => [.. model.parameters().SelectMany(parameter => parameter.data<float>().ToArray())];

    [Fact]
    public void Training_lowers_the_validation_loss()
    {
        using var store = Store(400, 6);
        using var model = new Autoencoder(SmallOptions() with { Training = new TrainingOptions { Epochs = 20, BatchSize = 16, LearningRate = 0.01 } });
        using var trainer = new Trainer(model, store, Split(store.Count));
        var history = trainer.Run();
        Assert.True(history.Epochs[^1].ValidationLoss < 0.1 * history.Epochs[0].ValidationLoss, $"{history.Epochs[0]} {history.Epochs[^1]}");
    }

    // Validation makes the batch's room larger, in a mode whose tensors no gradient may run through.
    [Fact]
    public void A_step_of_the_engine_follows_a_validation_of_larger_batches()
    {
        using var store = Store(200, 6);
        var options = SmallOptions();
        using var model = new Autoencoder(options with { Training = options.Training with { Epochs = 2, BatchSize = 16, Engine = StepEngine.Autograd } });
        using var trainer = new Trainer(model, store, Split(store.Count)) { IsStarted = true }; // no start from the data, which would make room for all of it
        Assert.Equal(2, trainer.Run().Epochs.Count);
    }

    [Fact]
    public void The_same_seed_gives_the_same_bits_and_another_seed_does_not()
    {
        using var store = Store(100, 6);
        float[] Train(int seed)
        {
            var options = SmallOptions();
            using var model = new Autoencoder(options with { Bottleneck = new GaussianOptions(), Training = options.Training with { Seed = seed } });
            using var trainer = new Trainer(model, store, Split(store.Count));
            trainer.Run();
            return Weights(model);
        }

        Assert.Equal(Train(1), Train(1));
        Assert.NotEqual(Train(1), Train(2));
    }

    // Steps so large that the first epoch's loss is soon no number: weights and momentum go back to its start.
    [Theory]
    [InlineData(StepEngine.Fused)]
    [InlineData(StepEngine.Autograd)]
    public void A_run_that_went_back_ends_as_one_that_began_with_smaller_steps(StepEngine engine)
    {
        using var store = Store(400, 6);
        (float[] Weights, TrainingHistory History) Train(double rate)
        {
            var options = SmallOptions();
            using var model = new Autoencoder(options with { Training = options.Training with { Engine = engine, Epochs = 3, BatchSize = 4, Optimizer = OptimizerKind.Sgd, LearningRate = rate } });
            using var trainer = new Trainer(model, store, Split(store.Count));
            var run = trainer.Run();
            return (Weights(model), run);
        }

        var (weights, history) = Train(64);
        Assert.InRange(history.Notes.Count, 1, 3);
        Assert.All(history.Notes, note => Assert.StartsWith("Epoch 1: the loss stopped being a finite number", note, StringComparison.Ordinal));
        Assert.Equal(Train(64 / Math.Pow(4, history.Notes.Count)).Weights, weights);
    }

    // Memory of one byte: every sample is read ahead, past mapped memory.
    [Theory]
    [InlineData(ShuffleKind.Samples)]
    [InlineData(ShuffleKind.Runs)]
    public void A_store_larger_than_memory_trains_to_the_same_bits_and_says_so(ShuffleKind shuffle)
    {
        using var store = Store(3000, 6);
        (float[] Weights, List<double?> Losses, List<string> Notes) Train(long memory, ShuffleKind kind)
        {
            var options = SmallOptions();
            using var model = new Autoencoder(options with { Bottleneck = new GaussianOptions(), Training = options.Training with { Shuffle = kind, Epochs = 3 } });
            using var trainer = new Trainer(model, store, Split(store.Count)) { Memory = memory };
            var notes = new NoteList();
            var history = trainer.Run(notes);
            return (Weights(model), [.. history.Epochs.Select(epoch => epoch.ValidationLoss)], notes.Notes);
        }

        var (small, large) = (Train(1, shuffle), Train(1L << 40, shuffle));
        Assert.Equal(large.Weights, small.Weights);
        Assert.Equal(large.Losses, small.Losses);
        Assert.Empty(large.Notes);
        Assert.Contains(shuffle == ShuffleKind.Runs ? "in runs of neighbours" : "--shuffle runs", Assert.Single(small.Notes), StringComparison.Ordinal);
        Assert.NotEqual(Train(1, 1 - shuffle).Weights, small.Weights);
    }

    private sealed class NoteList : IProgress<TrainingProgress>
    {
        public List<string> Notes { get; } = [];

        public void Report(TrainingProgress value)
        {
            if (value.Note is { } note)
            {
                Notes.Add(note);
            }
        }
    }

    [Fact]
    public void A_run_resumed_after_any_epoch_ends_in_the_bits_of_an_unbroken_one()
    {
        using var store = Store(120, 6);
        var options = SmallOptions() with { Bottleneck = new GaussianOptions(), Corruption = new Hourglass.Corruption.MaskingCorruptionOptions() };
        var folder = Directory.CreateTempSubdirectory().FullName;
        float[] Train(string name, int stopAfter, bool resume)
        {
            using var model = new Autoencoder(options);
            using var stop = new CancellationTokenSource();
            var seen = new StopAfter(stopAfter, stop);
            using var trainer = new Trainer(model, store, Split(store.Count)) { CheckpointPath = Path.Combine(folder, name), Identity = "same", Resume = resume };
            trainer.Run(seen, stop.Token);
            return Weights(model);
        }

        var unbroken = Train("unbroken", int.MaxValue, resume: false);
        foreach (var stop in new[] { 1, 3, 7 })
        {
            Train($"broken{stop}", stop, resume: false);
            Assert.Equal(unbroken, Train($"broken{stop}", int.MaxValue, resume: true));
        }
    }

    [Theory]
    [InlineData(StepEngine.Fused)]
    [InlineData(StepEngine.Autograd)]
    public void A_profile_accounts_for_all_of_the_time(StepEngine engine)
    {
        using var store = Store(120, 6);
        var options = SmallOptions();
        using var model = new Autoencoder(options with { Training = options.Training with { Engine = engine } });
        using var trainer = new Trainer(model, store, Split(store.Count));
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var profile = trainer.Run().Profile!;
        var parts = new[] { profile.Gather, profile.Forward, profile.Backward, profile.Update, profile.Validation, profile.Rest };
        Assert.Equal(8 * 6, profile.Steps); // epochs, steps of 16 among 96 samples
        Assert.All(parts, part => Assert.True(part > 0, profile.ToString()));
        Assert.InRange(parts.Sum(), 0, clock.Elapsed.TotalSeconds);
    }

    [Fact]
    public void Training_leaves_no_tensor_behind()
    {
        using var store = Store(100, 6);
        using var model = new Autoencoder(SmallOptions());
        var before = Live();
        using (var trainer = new Trainer(model, store, Split(store.Count)) { CheckpointPath = Path.GetTempFileName() })
        {
            trainer.Run();
        }

        Assert.Equal(before, Live());

        static long Live()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return TorchSharp.torch.Tensor.TotalCount;
        }
    }

    private sealed class StopAfter(int epochs, CancellationTokenSource stop) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.ValidationLoss is not null && value.Epoch >= epochs)
            {
                stop.Cancel();
            }
        }
    }
}
