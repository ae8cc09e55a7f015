using Hourglass.Data;

namespace Hourglass.Tasks.AnomalyDetection;

/// <summary>What a detector learns from and how.</summary>
public sealed record DetectRequest
{
    /// <summary>Share of the samples held out for units, thresholds and p-values.</summary>
    public const double HeldOutShare = 0.2;

    /// <summary>A file, a folder of pictures, or a built-in set: normal samples.</summary>
    public required string Data { get; init; }

    /// <summary>What is known about the source.</summary>
    public ReadOptions Read { get; init; } = new();

    /// <summary>Share held out for units, thresholds and p-values, and scaling; the seed is the training's, and samples are drawn by their places: a promise needs a random draw also where many samples are equal.</summary>
    public PreparationOptions Preparation { get; init; } = new() { Validation = HeldOutShare };

    /// <summary>How samples are scored and members are trained.</summary>
    public DetectorOptions Detector { get; init; } = new();

    /// <summary>Where the file goes; nothing is written when null.</summary>
    public string? Out { get; init; }
}
