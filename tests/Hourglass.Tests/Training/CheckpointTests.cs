using System.Text.Json;
using Hourglass.Bottlenecks;
using Hourglass.Bundles;
using Hourglass.Collectives;
using Hourglass.Training;

namespace Hourglass.Tests.Training;

/// <summary>Checkpoints are written as often as costs little, and whenever a run ends.</summary>
public sealed class CheckpointTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.01, 0.5)]
    [InlineData(0.1, 5)]
    [InlineData(3, 5)]
    [InlineData(1e9, 5)]
    public void The_next_checkpoint_waits_fifty_times_what_the_last_one_took_and_at_most_five_seconds(double cost, double wait) =>
        Assert.Equal(TimeSpan.FromSeconds(wait), Checkpoints.Wait(TimeSpan.FromSeconds(cost)));

    // Each look at the clock is a second later: a checkpoint takes one second, and the next one waits for five.
    [Theory]
    [InlineData(StepEngine.Fused)]
    [InlineData(StepEngine.Autograd)]
    public void Checkpoints_keep_their_distance_and_a_run_goes_on_from_any(StepEngine engine)
    {
        var held = new List<int>();
        var unbroken = Train("unbroken", engine, new Watch(_ => held.Add(Epochs("unbroken"))));
        Assert.Equal([1, 1, 1, 1, 1, 6, 6, 6], held);
        Assert.Equal(8, Epochs("unbroken"));
        foreach (var stop in new[] { 1, 3, 6, 7 })
        {
            var name = $"{stop}";
            var early = "";
            Train(name, engine, new Watch(epoch => early = Copy(name, epoch, stop) ?? early));
            Assert.Equal(stop < 6 ? 1 : 6, Epochs(early));
            Assert.Equal(unbroken, Train(early, engine, resume: true));
        }
    }

    // When the last checkpoint is some epochs old.
    [Theory]
    [InlineData(StepEngine.Fused, 3)]
    [InlineData(StepEngine.Autograd, 5)]
    public void An_interrupted_run_leaves_the_end_of_its_last_epoch(StepEngine engine, int epoch)
    {
        using var stop = new CancellationTokenSource();
        var unbroken = Train("unbroken", engine);
        Train("broken", engine, new Watch(ended => Act(ended == epoch, stop.Cancel)), cancellation: stop.Token);
        Assert.Equal(epoch, Epochs("broken"));
        Assert.Equal(unbroken, Train("broken", engine, resume: true));
    }

    // At the end of an epoch, in which the weights have changed already; or right after its end.
    [Theory]
    [InlineData(StepEngine.Fused, false)]
    [InlineData(StepEngine.Autograd, false)]
    [InlineData(StepEngine.Fused, true)]
    public void A_fault_leaves_the_end_of_the_last_epoch(StepEngine engine, bool isBetween)
    {
        var (unbroken, ranks) = (Train("unbroken", engine), new Failing());
        var watch = new Watch(epoch => Act(epoch == 4, () => ranks.Fails = isBetween ? throw new HourglassException("planned") : true));
        Assert.Equal("planned", Assert.Throws<HourglassException>(() => Train("broken", engine, watch, ranks)).Message);
        Assert.Equal(4, Epochs("broken"));
        Assert.Equal(unbroken, Train("broken", engine, resume: true));
    }

    private static void Act(bool isTime, Action act)
    {
        if (isTime)
        {
            act();
        }
    }

    private string? Copy(string name, int epoch, int wanted)
    {
        if (epoch != wanted)
        {
            return null;
        }

        File.Copy(Path.Combine(_folder, name), Path.Combine(_folder, name + " early"));
        return name + " early";
    }

    private float[] Train(string name, StepEngine engine, IProgress<TrainingProgress>? progress = null, ICollective? ranks = null, bool resume = false, CancellationToken cancellation = default)
    {
        using var store = TrainerTests.Store(120, 6);
        var options = TrainerTests.SmallOptions() with { Bottleneck = new GaussianOptions() };
        using var model = new Autoencoder(options with { Training = options.Training with { Engine = engine } });
        using var trainer = new Trainer(model, store, TrainerTests.Split(store.Count))
        {
            CheckpointPath = Path.Combine(_folder, name),
            Identity = "same",
            Resume = resume,
            Time = new CountedSeconds(),
            Ranks = ranks ?? new SingleProcess(),
        };
        trainer.Run(progress, cancellation);
        return TrainerTests.Weights(model);
    }

    private int Epochs(string name)
    {
        using var state = JsonDocument.Parse(CheckpointFile.Read(Path.Combine(_folder, name)).Metadata["state"]);
        return state.RootElement.GetProperty("epochs").GetArrayLength();
    }

    private sealed class Watch(Action<int> ended) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.EpochShare == 1 && value.Note is null)
            {
                ended(value.Epoch);
            }
        }
    }

    private sealed class CountedSeconds : TimeProvider
    {
        private long _seconds;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => ++_seconds;
    }

    // A process alone whose sums fail: the validation's, at the end of an epoch.
    private sealed class Failing : ICollective
    {
        private readonly SingleProcess _alone = new();

        public bool Fails { get; set; }

        public int Rank => 0;

        public int Size => 1;

        public string Description => _alone.Description;

        public void Sum(Span<float> values) => _alone.Sum(values);

        public void Sum(Span<double> values)
        {
            if (Fails)
            {
                throw new HourglassException("planned");
            }
        }

        public SumRoom Room(long length) => _alone.Room(length);

        public void Broadcast(Span<byte> values) => _alone.Broadcast(values);

        public byte[][] Gather(ReadOnlySpan<byte> values) => _alone.Gather(values);

        public void Pass(int from, int to, Span<byte> values) => _alone.Pass(from, to, values);

        public void Abort(int exitCode) => _alone.Abort(exitCode);

        public void Dispose() => _alone.Dispose();
    }
}
