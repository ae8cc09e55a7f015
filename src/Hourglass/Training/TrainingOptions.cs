using System.Text.Json.Serialization;

namespace Hourglass.Training;

/// <summary>How the weights are found.</summary>
public sealed record TrainingOptions
{
    /// <summary>Most passes over the training part.</summary>
    public int Epochs { get; init; } = 50;

    /// <summary>Samples in a step; chosen from the number of samples when null.</summary>
    public int? BatchSize { get; init; }

    /// <summary>Batches whose gradients are added up before a step, which then is that of a batch so many times as large.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>How the step size grows with the batches that make a step: those accumulated, on all ranks.</summary>
    public BatchScaling BatchScaling { get; init; }

    /// <summary>Step rule.</summary>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.Adam;

    /// <summary>Step size; 0.001 for Adam and AdamW, 0.1 for SGD, when null.</summary>
    public double? LearningRate { get; init; }

    /// <summary>SGD: share of the last step that is kept.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>AdamW: decoupled decay of weights (not biases). Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101.</summary>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>How the step size changes.</summary>
    public ScheduleKind Schedule { get; init; } = ScheduleKind.Constant;

    /// <summary>Epochs over which the step size grows from 0, whatever the schedule.</summary>
    public double WarmUpEpochs { get; init; }

    /// <summary>Longest gradient; longer ones are scaled down to it. No limit when null.</summary>
    public double? ClipNorm { get; init; }

    /// <summary>Epochs without a better validation loss after which training stops; null for never.</summary>
    public int? Patience { get; init; } = 10;

    /// <summary>Seed of weights, order, noise and split.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>How an epoch's order is drawn.</summary>
    public ShuffleKind Shuffle { get; init; }

    /// <summary>Whether pictures are mirrored and turned at random, input and target alike.</summary>
    public Augmentation Augmentation { get; init; }

    /// <summary>Arithmetic of products; weights and everything else stay float32.</summary>
    public Precision Precision { get; init; }

    /// <summary>What computes a step.</summary>
    public StepEngine Engine { get; init; }

    /// <summary>Where to compute.</summary>
    public DeviceChoice Device { get; init; } = DeviceChoice.Auto;

    /// <summary>Step size with its default.</summary>
    [JsonIgnore]
    public double ActualLearningRate => LearningRate ?? (Optimizer == OptimizerKind.Sgd ? 0.1 : 0.001);

    /// <summary>Samples whose statistics are taken together: a batch of each rank.</summary>
    internal int PartSize(int ranks) => (int)Math.Min((long)(BatchSize ?? 128) * ranks, int.MaxValue);

    /// <summary>Samples in a step: as many parts as are accumulated.</summary>
    internal int StepSize(int ranks) => (int)Math.Min((long)PartSize(ranks) * Accumulate, int.MaxValue);

    internal IEnumerable<string> Faults()
    {
        if (Accumulate is < 1 or > 1 << 20)
        {
            yield return $"training.accumulate must be from 1 to {1 << 20}, got {Accumulate}.";
        }

        foreach (var (name, value) in new (string, int?)[] { ("epochs", Epochs), ("batchSize", BatchSize) })
        {
            if (value is < 1)
            {
                yield return $"training.{name} must be at least 1, got {value}.";
            }
        }

        if (Patience is < 1)
        {
            yield return $"training.patience must be at least 1, or null to never stop early, got {Patience}.";
        }

        if (Momentum is not (>= 0 and < 1))
        {
            yield return $"training.momentum must be 0 or more and below 1, got {Momentum}.";
        }

        foreach (var (name, value) in new[] { ("learningRate", LearningRate), ("clipNorm", ClipNorm) })
        {
            if (value is { } number && !(number > 0 && double.IsFinite(number)))
            {
                yield return $"training.{name} must be above 0, got {number}.";
            }
        }

        foreach (var (name, value) in new[] { ("weightDecay", WeightDecay), ("warmUpEpochs", WarmUpEpochs) })
        {
            if (!(value >= 0) || !double.IsFinite(value))
            {
                yield return $"training.{name} must be 0 or more, got {value}.";
            }
        }
    }
}

/// <summary>Step rules.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<OptimizerKind>))]
public enum OptimizerKind
{
    /// <summary>Kingma and Ba 2015, https://arxiv.org/abs/1412.6980.</summary>
    Adam,

    /// <summary>Adam with decoupled weight decay.</summary>
    [JsonStringEnumMemberName("adamw")]
    AdamW,

    /// <summary>Stochastic gradient descent with momentum.</summary>
    Sgd,
}

/// <summary>How the step size grows with the number of batches that make a step.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<BatchScaling>))]
public enum BatchScaling
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>In proportion, for SGD, with some epochs of warm-up: Goyal et al. 2017, https://arxiv.org/abs/1706.02677.</summary>
    Linear,

    /// <summary>With the square root, for Adam: Malladi et al. 2022, https://arxiv.org/abs/2205.10287.</summary>
    SquareRoot,
}

/// <summary>How the step size changes.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<ScheduleKind>))]
public enum ScheduleKind
{
    /// <summary>Not at all.</summary>
    Constant,

    /// <summary>Down to 0 along half a cosine. Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983.</summary>
    Cosine,

    /// <summary>Halved when the validation loss has not improved for a third of the patience (at least two epochs).</summary>
    Plateau,
}

/// <summary>How an epoch's order is drawn.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<ShuffleKind>))]
public enum ShuffleKind
{
    /// <summary>Every order is as likely as any other.</summary>
    Samples,

    /// <summary>Runs of neighbours (128 kB, at most 256 samples) in random order, then the samples of every 256 runs among each other: a store that does not fit in memory is read in long pieces.</summary>
    Runs,
}

/// <summary>Arithmetic of products of matrices and of convolutions.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<Precision>))]
public enum Precision
{
    /// <summary>32 bits.</summary>
    Float32,

    /// <summary>bfloat16 products with float32 weights behind them, by automatic differentiation; refused where the processor does not multiply it by itself.</summary>
    Bfloat16,
}

/// <summary>Random changes under which a picture stays a picture.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<Augmentation>))]
public enum Augmentation
{
    /// <summary>None.</summary>
    None,

    /// <summary>Left and right are exchanged in half of the batches.</summary>
    Mirror,

    /// <summary>All eight ways to lay a square on itself, one for each batch.</summary>
    Square,
}

/// <summary>Where to compute.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<DeviceChoice>))]
public enum DeviceChoice
{
    /// <summary>CUDA where it answers, else the processor.</summary>
    Auto,

    /// <summary>The processor.</summary>
    Cpu,

    /// <summary>A CUDA GPU, with TorchSharp's CUDA package added by the user.</summary>
    Cuda,
}

/// <summary>What computes a training step.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<StepEngine>))]
public enum StepEngine
{
    /// <summary>By hand where the model allows it, else by automatic differentiation.</summary>
    Auto,

    /// <summary>Dense and convolutional models by hand, in vectors, on the processor; other models are refused.</summary>
    Fused,

    /// <summary>Automatic differentiation.</summary>
    Autograd,
}
