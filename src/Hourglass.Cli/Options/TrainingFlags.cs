using System.CommandLine;
using Hourglass.Training;

namespace Hourglass.Cli.Options;

/// <summary>How the weights are found, as flags.</summary>
internal sealed class TrainingFlags
{
    private readonly Option<int?> _epochs = new("--epochs") { Description = "Most passes over the data (50)." };
    private readonly Option<int?> _batchSize = new("--batch-size") { Description = "Samples in a step; chosen from the data when left out." };
    private readonly Option<int?> _accumulate = new("--accumulate") { Description = "Batches whose gradients are added up before a step (1)." };
    private readonly Option<string?> _batchScaling = new("--batch-scaling") { Description = "How the step size grows with the batches in a step, accumulated or on other ranks: none, linear or square-root." };
    private readonly Option<string?> _optimizer = new("--optimizer") { Description = "adam, adamw or sgd." };
    private readonly Option<double?> _learningRate = new("--learning-rate") { Description = "Step size (0.001; 0.1 for sgd)." };
    private readonly Option<double?> _momentum = new("--momentum") { Description = "sgd: share of the last step that is kept." };
    private readonly Option<double?> _weightDecay = new("--weight-decay") { Description = "adamw: decoupled decay." };
    private readonly Option<string?> _schedule = new("--schedule") { Description = "constant, cosine or plateau." };
    private readonly Option<double?> _warmUp = new("--warm-up-epochs") { Description = "Epochs over which the step size grows from 0." };
    private readonly Option<double?> _clip = new("--clip-norm") { Description = "Longest gradient." };
    private readonly Option<int?> _patience = new("--patience") { Description = "Epochs without progress before stopping (10); 0 for never." };
    private readonly Option<int?> _seed = new("--seed") { Description = "Seed of everything (1)." };
    private readonly Option<string?> _shuffle = new("--shuffle") { Description = "Order of an epoch: samples, or runs of neighbours mixed in windows of 256 runs, for data larger than memory." };
    private readonly Option<string?> _augmentation = new("--augmentation") { Description = "Pictures: none, mirror or square (all eight ways)." };
    private readonly Option<string?> _precision = new("--precision") { Description = "Products in training: float32, or bfloat16 where the processor has it (not recurrent networks)." };
    private readonly Option<string?> _engine = new("--engine") { Description = "auto, fused (dense and convolutional models by hand, in vectors) or autograd." };
    private readonly Option<string?> _device = new("--device") { Description = "auto, cpu or cuda." };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _epochs, _batchSize, _accumulate, _batchScaling, _optimizer, _learningRate, _momentum, _weightDecay, _schedule, _warmUp, _clip, _patience, _seed, _shuffle, _augmentation, _precision, _engine, _device })
        {
            command.Options.Add(option);
        }
    }

    public TrainingOptions Read(ParseResult parse, TrainingOptions start) => start with
    {
        Epochs = parse.GetValue(_epochs) ?? start.Epochs,
        BatchSize = parse.GetValue(_batchSize) ?? start.BatchSize,
        Accumulate = parse.GetValue(_accumulate) ?? start.Accumulate,
        BatchScaling = parse.GetValue(_batchScaling) is { } scaling ? ModelFlags.Word<BatchScaling>(scaling, "--batch-scaling") : start.BatchScaling,
        Optimizer = parse.GetValue(_optimizer) is { } optimizer ? ModelFlags.Word<OptimizerKind>(optimizer, "--optimizer") : start.Optimizer,
        LearningRate = parse.GetValue(_learningRate) ?? start.LearningRate,
        Momentum = parse.GetValue(_momentum) ?? start.Momentum,
        WeightDecay = parse.GetValue(_weightDecay) ?? start.WeightDecay,
        Schedule = parse.GetValue(_schedule) is { } schedule ? ModelFlags.Word<ScheduleKind>(schedule, "--schedule") : start.Schedule,
        WarmUpEpochs = parse.GetValue(_warmUp) ?? start.WarmUpEpochs,
        ClipNorm = parse.GetValue(_clip) ?? start.ClipNorm,
        Patience = parse.GetValue(_patience) is { } patience ? (patience == 0 ? null : patience) : start.Patience,
        Seed = parse.GetValue(_seed) ?? start.Seed,
        Shuffle = parse.GetValue(_shuffle) is { } shuffle ? ModelFlags.Word<ShuffleKind>(shuffle, "--shuffle") : start.Shuffle,
        Augmentation = parse.GetValue(_augmentation) is { } augmentation ? ModelFlags.Word<Augmentation>(augmentation, "--augmentation") : start.Augmentation,
        Precision = parse.GetValue(_precision) is { } precision ? ModelFlags.Word<Precision>(precision, "--precision") : start.Precision,
        Engine = parse.GetValue(_engine) is { } engine ? ModelFlags.Word<StepEngine>(engine, "--engine") : start.Engine,
        Device = parse.GetValue(_device) is { } device ? ModelFlags.Word<DeviceChoice>(device, "--device") : start.Device,
    };
}
