using System.Runtime.InteropServices;
using Hourglass.Bottlenecks;
using Hourglass.Collectives;
using Hourglass.Corruption;
using Hourglass.Data;
using Hourglass.Data.Stores;
using Hourglass.Networks;
using Hourglass.Networks.Dense;
using Hourglass.Objectives;
using Hourglass.Preprocessing;
using Hourglass.Tests.Collectives;
using Hourglass.Tests.Networks;
using Hourglass.Training;
using Hourglass.Training.Steps;
using static TorchSharp.torch;

namespace Hourglass.Tests.Training;

/// <summary>Several ranks, or several accumulated batches, give what one process gives with one large batch.</summary>
public sealed class RankTests
{
    private const int Rows = 13; // shared unevenly by two and by three

    public static TheoryData<string> Models => ContractTests.Models;

    public static TheoryData<string> FusedModels => FusedStepTests.Names;

    public static TheoryData<string> SparseModels => FusedSparseInputTests.Names;

    [Theory, MemberData(nameof(Models))]
    public void Two_ranks_move_the_weights_of_every_kind_as_one_process_does_or_refuse_it(string name)
    {
        var options = ContractTests.Get(name) with { Training = new TrainingOptions { Optimizer = OptimizerKind.Sgd, LearningRate = 0.1, Seed = 3, BatchSize = 7 } };
        if (RankAgreement.Obstacle(options, CPU) is not null)
        {
            return;
        }

        using var store = Store(options.Input!);
        var alone = Steps(Batches(options, 2), store, new SingleProcess(), StepEngine.Autograd);
        var shared = ThreadRanks.Run(2, ranks => Steps(options, store, ranks, StepEngine.Autograd));
        Assert.Equal(shared[0], shared[1]);
        Near(alone, shared[0], name);
    }

    [Fact]
    public void Only_kinds_that_need_the_whole_batch_in_one_place_are_refused() => Assert.Equal(
        ["SwapCorruptionOptions", "batch top-k", "total correlation", "vector-quantised", "wasserstein"],
        ContractTests.Names.Where(name => RankAgreement.Obstacle(ContractTests.Get(name), CPU) is not null).Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(FusedModels))]
    public void Three_ranks_move_the_weights_of_a_fused_model_as_one_process_does(string name)
    {
        var options = FusedStepTests.Get(name);
        options = options with { Training = options.Training with { Optimizer = OptimizerKind.Sgd, LearningRate = 0.05, BatchSize = 5 } };
        if (RankAgreement.Obstacle(options, CPU) is not null)
        {
            return;
        }

        using var store = Store(options.Input!);
        int[] steps = [Rows, Rows - 2, 2, Rows]; // one of them has fewer rows than ranks
        var alone = Steps(Batches(options, 3), store, new SingleProcess(), StepEngine.Fused, steps, threads: 1);
        var shared = ThreadRanks.Run(3, ranks => Steps(options, store, ranks, StepEngine.Fused, steps, threads: 1));
        Assert.Equal(shared[0], shared[1]);
        Assert.Equal(shared[0], shared[2]);
        Near(alone, shared[0], name);
    }

    // What a model remembers of batches stays the same everywhere, also where a rank has no row to count: units that one took for dead and another not would part them.
    [Theory, InlineData(StepEngine.Fused), InlineData(StepEngine.Autograd)]
    public void A_rank_without_rows_of_its_own_remembers_what_the_others_do(StepEngine engine)
    {
        foreach (var options in new[]
        {
            TrainerTests.SmallOptions() with { Network = new DenseNetworkOptions { Hidden = [5], Normalization = Normalization.Batch } },
            TrainerTests.SmallOptions() with { Network = new DenseNetworkOptions { Hidden = [] }, Bottleneck = new TopKOptions { Active = 1, DeadAfter = 10 } },
        })
        {
            using var store = Store(options.Input!);
            int[] steps = [Rows, 4, 4, Rows, 4, Rows];
            var training = options.Training with { Optimizer = OptimizerKind.Sgd, LearningRate = 0.05, BatchSize = 5 };
            var alone = Steps(Batches(options with { Training = training }, 5), store, new SingleProcess(), engine, steps, threads: 1);
            var shared = ThreadRanks.Run(5, ranks => Steps(options with { Training = training }, store, ranks, engine, steps, threads: 1));
            Assert.All(shared, rank => Assert.Equal(shared[0], rank));
            Near(alone, shared[0], $"{engine}, {options.Bottleneck.GetType().Name}");
        }
    }

    // One of the steps has fewer rows than ranks.
    [Theory, MemberData(nameof(FusedModels))]
    public void Ranks_that_share_memory_move_the_weights_to_the_bits_of_those_that_send_messages(string name)
    {
        var options = FusedStepTests.Get(name);
        options = options with { Training = options.Training with { BatchSize = 7 } };
        if (!OperatingSystem.IsLinux() || RankAgreement.Obstacle(options, CPU) is not null)
        {
            return;
        }

        using var store = Store(options.Input!);
        foreach (var (ranks, threads) in new[] { (2, 1), (2, 3), (3, 1), (4, 2) })
        {
            float[][] Weights(bool sharesMemory) => ThreadRanks.Run(ranks, group => Steps(options, store, group, StepEngine.Fused, [Rows, Rows - 2, 1, Rows], threads), sharesMemory);
            Assert.Equal(Weights(sharesMemory: false), Weights(sharesMemory: true));
        }
    }

    // What one rank passes by the other does not.
    [Fact]
    public void A_rank_with_mostly_empty_samples_and_one_with_full_ones_move_the_weights_as_by_messages()
    {
        var options = TrainerTests.SmallOptions() with
        {
            Input = new InputOptions { Shape = [100], Blocks = [new FeatureBlock("values", 0, 100, FeatureBlockKind.Numeric)] },
            Network = new DenseNetworkOptions { Hidden = [70] },
            Training = new TrainingOptions { BatchSize = 8 },
        };
        using var scope = NewDisposeScope();
        var samples = rand(16, 100);
        samples.index_put_(samples[TensorIndex.Slice(0, 8)] * samples[TensorIndex.Slice(0, 8)].gt(0.9), TensorIndex.Slice(0, 8));
        using var store = SampleStores.Of(samples, [100]);
        float[] Run(ICollective ranks)
        {
            using var model = new Autoencoder(options);
            using var reader = new BatchReader(store, CPU);
            model.train();
            var parameters = new FlatParameters(model);
            using var state = new TrainingState { Parameters = parameters, Optimizer = FlatOptimizer.Create(options.Training, parameters) };
            using var step = new FusedStep(model, store, reader, 8, threads: 1, ranks);
            step.Begin(state);
            for (var count = 0; count < 3; count++)
            {
                step.Run(state, [.. Enumerable.Range(0, 16).Select(row => (long)row)], 0.5);
            }

            Assert.Equal(ranks.Rank == 0, step.PassesZerosBy);
            step.End(state);
            return MemoryMarshal.Cast<byte, float>(state.Parameters.Values.bytes).ToArray();
        }

        var messages = ThreadRanks.Run(2, Run);
        Assert.All(ThreadRanks.Run(2, Run, OperatingSystem.IsLinux()), weights => Assert.Equal(messages[0], weights));
    }

    [Theory, MemberData(nameof(SparseModels))]
    public void Three_ranks_train_mostly_empty_samples_as_one_process_does(string name)
    {
        var options = FusedSparseInputTests.Get(name);
        options = options with { Training = options.Training with { Optimizer = OptimizerKind.Sgd, LearningRate = 0.05, BatchSize = 5 } };
        using var store = FusedSparseInputTests.Store();
        var shared = ThreadRanks.Run(3, ranks => Steps(options, store, ranks, StepEngine.Fused));
        Assert.Equal(shared[0], shared[2]);
        Near(Steps(Batches(options, 3), store, new SingleProcess(), StepEngine.Fused), shared[0], name);
    }

    [Theory]
    [InlineData(StepEngine.Fused, 1, 3)]
    [InlineData(StepEngine.Fused, 2, 2)]
    [InlineData(StepEngine.Autograd, 1, 3)]
    [InlineData(StepEngine.Autograd, 2, 2)]
    public void Accumulated_batches_move_the_weights_as_one_large_batch_does(StepEngine engine, int ranks, int accumulate)
    {
        var options = Noisy(300) with { Training = new TrainingOptions { BatchSize = 300, Seed = 3, ClipNorm = 0.1 } };
        using var store = Store(options.Input!, 400);
        var whole = Steps(options, store, new SingleProcess(), engine, rows: 300);
        var parts = options with { Training = options.Training with { BatchSize = 300 / (ranks * accumulate) - 4, Accumulate = accumulate + 1 } };
        Near(whole, ThreadRanks.Run(ranks, group => Steps(parts, store, group, engine, rows: 300))[0], "accumulated");
    }

    [Theory]
    [InlineData(StepEngine.Fused, 2, false, ShuffleKind.Samples, long.MaxValue)]
    [InlineData(StepEngine.Fused, 2, true, ShuffleKind.Samples, long.MaxValue)]
    [InlineData(StepEngine.Fused, 4, false, ShuffleKind.Samples, long.MaxValue)]
    [InlineData(StepEngine.Fused, 4, false, ShuffleKind.Runs, 1)]
    [InlineData(StepEngine.Autograd, 2, false, ShuffleKind.Samples, 1)]
    [InlineData(StepEngine.Autograd, 4, true, ShuffleKind.Samples, long.MaxValue)]
    public void A_run_of_several_ranks_is_that_of_one_process_with_their_batches_together(StepEngine engine, int size, bool sharesMemory, ShuffleKind shuffle, long memory)
    {
        var options = Noisy(32);
        using var store = TrainerTests.Store(203, 6); // 162 to train: the last step has two rows, fewer than four ranks
        TrainingHistory Train(ICollective ranks, List<float[]> weights)
        {
            var batch = options with { Training = options.Training with { BatchSize = 32 / ranks.Size, Engine = engine, Epochs = 3, Shuffle = shuffle } };
            using var model = new Autoencoder(batch);
            using var trainer = new Trainer(model, store, TrainerTests.Split(store.Count)) { Ranks = ranks, Memory = memory };
            var history = trainer.Run();
            weights.Add(TrainerTests.Weights(model));
            return history;
        }

        var (alone, together, again) = (new List<float[]>(), new List<float[]>(), new List<float[]>());
        var expected = Train(new SingleProcess(), alone);
        var histories = ThreadRanks.Run(size, ranks => Train(ranks, ranks.Rank == 0 ? together : []), sharesMemory && OperatingSystem.IsLinux());
        ThreadRanks.Run(size, ranks => Train(ranks, ranks.Rank == 0 ? again : []), sharesMemory && OperatingSystem.IsLinux());
        Near(alone[0], together[0], "weights");
        Assert.Equal(together[0], again[0]);
        foreach (var (one, several) in expected.Epochs.Zip(histories[^1].Epochs))
        {
            Assert.Equal(one.TrainingLoss, several.TrainingLoss, 1e-4 * one.TrainingLoss);
            Assert.Equal(one.ValidationLoss!.Value, several.ValidationLoss!.Value, 1e-4 * one.ValidationLoss.Value);
        }
    }

    [Fact]
    public void Rank_zero_alone_writes_and_all_ranks_resume_to_the_bits_of_an_unbroken_run()
    {
        var folder = Directory.CreateTempSubdirectory().FullName;
        using var store = TrainerTests.Store(120, 6);
        float[] Train(ICollective ranks, int epochs, string? checkpoint)
        {
            var options = Noisy(16) with { Training = new TrainingOptions { BatchSize = 8, Epochs = epochs } };
            using var model = new Autoencoder(options);
            using var trainer = new Trainer(model, store, TrainerTests.Split(store.Count)) { Ranks = ranks, Resume = true, CheckpointPath = checkpoint };
            trainer.Run();
            return TrainerTests.Weights(model);
        }

        string Mine(int rank) => Path.Combine(folder, $"{rank}.checkpoint");
        var unbroken = ThreadRanks.Run(2, ranks => Train(ranks, 5, null));
        ThreadRanks.Run(2, ranks => Train(ranks, 2, Mine(ranks.Rank)));
        Assert.False(File.Exists(Mine(1)));
        var resumed = ThreadRanks.Run(2, ranks => Train(ranks, 5, Mine(ranks.Rank)));
        Assert.Equal(unbroken[0], resumed[0]);
        Assert.Equal(unbroken[0], resumed[1]);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_rank_that_is_asked_to_stop_stops_all_of_them_at_one_step()
    {
        using var store = TrainerTests.Store(120, 6);
        var reasons = ThreadRanks.Run(2, ranks =>
        {
            using var stop = new CancellationTokenSource();
            var options = TrainerTests.SmallOptions() with { Training = new TrainingOptions { BatchSize = 8, Epochs = 1000, Patience = null } };
            using var model = new Autoencoder(options);
            using var trainer = new Trainer(model, store, TrainerTests.Split(store.Count)) { Ranks = ranks };
            var history = trainer.Run(
                new Progress(value =>
                {
                    if (value.Epoch == 2 && ranks.Rank == 1)
                    {
                        stop.Cancel();
                    }
                }),
                stop.Token);
            return (history.StopReason, TrainerTests.Weights(model));
        });
        Assert.Equal([StopReason.Interrupted, StopReason.Interrupted], reasons.Select(reason => reason.StopReason));
        Assert.Equal(reasons[0].Item2, reasons[1].Item2);
    }

    [Fact]
    public void Ranks_whose_weights_drift_apart_are_refused()
    {
        using var store = TrainerTests.Store(60, 6);
        var fault = Assert.Throws<HourglassException>(() => ThreadRanks.Run(2, ranks =>
        {
            var options = TrainerTests.SmallOptions() with { Training = new TrainingOptions { Seed = ranks.Rank } };
            using var model = new Autoencoder(options);
            using var trainer = new Trainer(model, store, TrainerTests.Split(store.Count)) { Ranks = ranks };
            return trainer.Run();
        }));
        Assert.Contains("rank 1", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(BatchScaling.None, 1)]
    [InlineData(BatchScaling.Linear, 6)]
    [InlineData(BatchScaling.SquareRoot, 2.449489742783178)]
    public void The_step_size_grows_with_the_batches_of_a_step_and_warms_up_to_it(BatchScaling scaling, double factor)
    {
        var options = new TrainingOptions { LearningRate = 0.01, Accumulate = 3, BatchScaling = scaling, WarmUpEpochs = 4 };
        Assert.Equal(0.01 * factor, LearningRateSchedule.Rate(options, 4, 1, ranks: 2), 1e-12);
        Assert.Equal(0.005 * factor, LearningRateSchedule.Rate(options, 2, 1, ranks: 2), 1e-12);
    }

    private static AutoencoderOptions Batches(AutoencoderOptions options, int count) => options with { Training = options.Training with { BatchSize = options.Training.BatchSize * count } };

    // Everything that draws, from several blocks of rows when the batch is larger than one.
    private static AutoencoderOptions Noisy(int batch) => TrainerTests.SmallOptions() with
    {
        Network = new DenseNetworkOptions { Hidden = [8], Activation = Activation.Tanh, Dropout = 0.2, InputDropout = 0.1 },
        Bottleneck = new GaussianOptions { FreeBits = 0.01 },
        Corruption = new GaussianCorruptionOptions { Lowest = 0.05 },
        Objective = new HuberOptions(),
        Training = new TrainingOptions { BatchSize = batch },
    };

    private static SampleStore Store(InputOptions input, int count = 30)
    {
        using var scope = NewDisposeScope();
        return SampleStores.Of(ContractTests.Samples(input, count), input.Shape);
    }

    // The weights, and what is kept without gradients, after two steps, the second of fewer rows.
    private static float[] Steps(AutoencoderOptions options, SampleStore store, ICollective ranks, StepEngine engine, int rows = Rows) => Steps(options, store, ranks, engine, [rows, rows - 2], threads: 1);

    private static float[] Steps(AutoencoderOptions options, SampleStore store, ICollective ranks, StepEngine engine, int[] steps, int threads)
    {
        using var scope = NewDisposeScope();
        using var model = new Autoencoder(options);
        using var reader = new BatchReader(store, CPU) { Classes = options.Condition is null ? null : new SampleLabels(["x", "y"], [.. Enumerable.Range(0, (int)store.Count).Select(row => row % 2)]) };
        model.train();
        var parameters = new FlatParameters(model);
        using var state = new TrainingState { Parameters = parameters, Optimizer = FlatOptimizer.Create(options.Training, parameters) };
        using TrainingStep step = engine == StepEngine.Fused ? new FusedStep(model, store, reader, steps[0], threads, ranks) : new AutogradStep(model, reader, ranks);
        step.Begin(state);
        foreach (var count in steps)
        {
            step.Run(state, Enumerable.Range(0, count).Select(row => (row * 7L) % store.Count).ToArray(), 0.5);
        }

        step.End(state);
        return [.. MemoryMarshal.Cast<byte, float>(state.Parameters.Values.bytes), .. state.Parameters.Buffers.SelectMany(buffer => buffer.Tensor.to(ScalarType.Float32).flatten().data<float>().ToArray())];
    }

    private static void Near(float[] expected, float[] actual, string name)
    {
        Assert.Equal(expected.Length, actual.Length);
        var scale = expected.Max(Math.Abs);
        for (var place = 0; place < expected.Length; place++)
        {
            Assert.True(Math.Abs(expected[place] - actual[place]) <= 2e-5 * scale, $"{name}: value {place} is {actual[place]}, expected {expected[place]}.");
        }
    }

    private sealed class Progress(Action<TrainingProgress> told) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => told(value);
    }
}
