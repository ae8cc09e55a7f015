using Hourglass.Corruption;
using Hourglass.Data;
using Hourglass.Detection;
using Hourglass.Detection.Terms;
using Hourglass.Networks;
using Hourglass.Networks.Convolutional;
using Hourglass.Networks.Dense;
using Hourglass.Objectives;
using Hourglass.Training;

namespace Hourglass.Tasks.AnomalyDetection;

/// <summary>How a detector is made. There are two defaults, each one for all data: this record's for normal samples, and <see cref="ForContaminated"/>.</summary>
public sealed record DetectorOptions
{
    /// <summary>The default network for rows.</summary>
    internal static DenseNetworkOptions RowNetwork { get; } = new() { Hidden = [128] };

    /// <summary>The members' model; open slots are chosen from the data.</summary>
    /// <remarks>Wider than most tables, and taught to undo the exchange of 3 values in 10 with those of other rows: what it cannot
    /// do by copying, it must do by knowing how columns belong together.</remarks>
    public AutoencoderOptions Member { get; init; } = new()
    {
        LatentSize = 64,
        Network = RowNetwork,
        Corruption = new SwapCorruptionOptions { Share = 0.3 },
        Training = new TrainingOptions { BatchSize = 128, LearningRate = 0.002, Schedule = ScheduleKind.Cosine, Patience = null },
    };

    /// <summary>Scaling of numbers; when null, through the distribution of normal values for columns of tables, and chosen from the values for arrays.</summary>
    public Scaling? Scaling { get; init; }

    /// <summary>Autoencoders with seeds of their own whose errors are averaged.</summary>
    public int Members { get; init; } = 2;

    /// <summary>Steps of training of a member: small data are gone through often and large data seldom. Epochs, where the member's options name them, come first.</summary>
    public int Steps { get; init; } = 1500;

    /// <summary>The latent size as the principal components that hold this share of the variance; the member's own when null.</summary>
    public double? LatentVariance { get; init; }

    /// <summary>Where training samples may be anomalies: a detector that says which of them look typical, and is not kept; null where all are normal.</summary>
    public DetectorOptions? FirstLook { get; init; }

    /// <summary>Share of the training samples, those that the first look scores lowest, that members learn from.</summary>
    public double Typical { get; init; } = 0.5;

    /// <summary>Folds, 3 or more, each scored by members and references that had no part of it, so that all samples make thresholds and train the members that score; 0: a part is held out instead.
    /// Takes as many more trainings: for small data.</summary>
    public int Folds { get; init; }

    /// <summary>Most normal samples kept to compare with.</summary>
    public int MaximumReferences { get; init; } = 20_000;

    /// <summary>Ways to score; the first one does.</summary>
    public IReadOnlyList<RuleRecord> Rules { get; init; } =
    [
        new(DetectorRules.Autoencoder,
        [
            new DetailRecord { Weight = 24, IsSurprise = true }, // pictures only, and there most of the score: docs/results/detection-images.md
            new ReconstructionRecord { Weight = 0.5, IsByColumn = true, IsSurprise = true },
            new PairRecord { IsSurprise = true },
            .. Distances,
        ]),
        new(DetectorRules.Reconstruction, [new ReconstructionRecord { Weight = 0.5, IsByColumn = true }]),
        .. DetectorRules.Rivals,
    ];

    // Among the members' latents, and in three scalings.
    private static IEnumerable<TermRecord> Distances =>
        [new LatentNeighbourRecord { Neighbours = 3, IsSurprise = true }, .. Enum.GetValues<FeatureView>().Select(view => new NeighbourRecord { Neighbours = 3, Views = [view], IsSurprise = true })];

    /// <summary>The default with convolutional members for pictures: their error in pixels and in what their encoders see, beside the other terms; each of the two is a rule of its own as well.</summary>
    public static DetectorOptions ForPictures() => new()
    {
        Member = new()
        {
            LatentSize = 32,
            Network = new ConvolutionalNetworkOptions { Channels = [16, 32] },
            Training = new TrainingOptions { BatchSize = 128, LearningRate = 0.002, Schedule = ScheduleKind.Cosine, Patience = null },
        },
        Steps = 750,
        Rules =
        [
            new(DetectorRules.Autoencoder,
            [
                new DetailRecord { Weight = 24, IsSurprise = true },
                new ReconstructionRecord { Weight = 0.5, IsSurprise = true },
                new FeatureErrorRecord { Weight = 0.5, IsSurprise = true },
                .. Distances,
            ]),
            new(DetectorRules.Reconstruction, [new ReconstructionRecord { Weight = 0.5 }]),
            new(DetectorRules.Features, [new FeatureErrorRecord { Weight = 0.5 }]),
            .. DetectorRules.Rivals,
        ],
    };

    /// <summary>The default where a few percent of the training samples may be anomalies: what a first look finds typical is learnt from, and compared with.</summary>
    public static DetectorOptions ForContaminated() => new()
    {
        Member = new DetectorOptions().Member with { Objective = new SquaredErrorOptions() },
        Scaling = Data.Scaling.MinMax,
        Steps = 750,
        FirstLook = AtFirst,
        Rules =
        [
            new(DetectorRules.Autoencoder,
            [
                new ReconstructionRecord { IsPlain = true, Limit = 3 },
                new NeighbourRecord { Neighbours = 50, Share = 0.5, Limit = 3 },
                new NeighbourRecord { Neighbours = 50, Views = [FeatureView.NormalScores], Share = 0.5, Limit = 3 },
            ]),
            .. DetectorRules.Rivals,
        ],
    };

    // A narrow model that is trained shortly, beside principal components and an isolation forest; no term can drown the others.
    private static DetectorOptions AtFirst => new()
    {
        Member = new()
        {
            Network = new DenseNetworkOptions { Hidden = [64], Activation = Activation.Tanh },
            Objective = new SquaredErrorOptions(),
            Training = new TrainingOptions { BatchSize = 128, LearningRate = 0.003, Schedule = ScheduleKind.Cosine, Patience = null },
        },
        Steps = 250,
        LatentVariance = 0.35,
        Rules =
        [
            new(DetectorRules.Autoencoder,
            [
                new ReconstructionRecord { IsPlain = true, Limit = 3 },
                new ReconstructionRecord { Source = ReconstructionSource.Pca, IsPlain = true, Limit = 3 },
                new IsolationRecord { Trees = 300, Samples = 128, Limit = 3 },
            ]),
        ],
    };
}

/// <summary>Names of rules, and the rivals that every detector brings.</summary>
public static class DetectorRules
{
    /// <summary>The detector's own rule.</summary>
    public const string Autoencoder = "autoencoder";

    /// <summary>The autoencoders' errors alone: no neighbours are searched, for streams that are fast.</summary>
    public const string Reconstruction = "reconstruction";

    /// <summary>The error in what the encoders see, alone.</summary>
    public const string Features = "features";

    /// <summary>Principal components, neighbours and an isolation forest, as the literature has them.</summary>
    public static IReadOnlyList<RuleRecord> Rivals { get; } =
    [
        new("pca", [new ReconstructionRecord { Source = ReconstructionSource.Pca, IsPlain = true }]),
        new("neighbours", [new NeighbourRecord()]),
        new("isolation-forest", [new IsolationRecord()]),
    ];
}
