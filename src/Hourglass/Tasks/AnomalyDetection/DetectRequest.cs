using Hourglass.Data;
using Hourglass.Detection;
using Hourglass.Detection.Terms;

namespace Hourglass.Tasks.AnomalyDetection;

/// <summary>What a detector learns from and how.</summary>
public sealed record DetectRequest
{
    /// <summary>A file, a folder of pictures, or a built-in set: normal samples.</summary>
    public required string Data { get; init; }

    /// <summary>What is known about the source.</summary>
    public ReadOptions Read { get; init; } = new();

    /// <summary>Share held out for units, thresholds and p-values, and scaling; the seed is the training's.</summary>
    public PreparationOptions Preparation { get; init; } = new() { Validation = 0.2 };

    /// <summary>How samples are scored and members are trained.</summary>
    public DetectorOptions Detector { get; init; } = new();

    /// <summary>Where the file goes; nothing is written when null.</summary>
    public string? Out { get; init; }
}

/// <summary>How a detector is made: one default for all data.</summary>
public sealed record DetectorOptions
{
    /// <summary>The members' model; open slots are chosen from the data.</summary>
    public AutoencoderOptions Member { get; init; } = new();

    /// <summary>Autoencoders with seeds of their own whose errors are averaged.</summary>
    public int Members { get; init; } = 3;

    /// <summary>Most normal samples kept to compare with.</summary>
    public int MaximumReferences { get; init; } = 50_000;

    /// <summary>Ways to score; the first one does.</summary>
    public IReadOnlyList<RuleRecord> Rules { get; init; } =
    [
        new("autoencoder", [new ReconstructionRecord(), new NeighbourRecord()]),
        new("neighbours", [new NeighbourRecord()]),
    ];
}
