using Hourglass.Evaluation;
using Hourglass.Training;

namespace Hourglass.Reporting;

/// <summary>What a report shows; plain data, so that drawing needs no engine. Sections without data are left out.</summary>
public sealed record ReportContents
{
    /// <summary>What the model is of.</summary>
    public required string Title { get; init; }

    /// <summary>Beside PCA.</summary>
    public required PcaComparison? Comparison { get; init; }

    /// <summary>On how many samples, in words.</summary>
    public required string MeasuredOn { get; init; }

    /// <summary>Loss per epoch.</summary>
    public required TrainingHistory History { get; init; }

    /// <summary>Grid of pictures, a PNG, with a caption.</summary>
    public ReportPicture? Reconstructions { get; init; }

    /// <summary>For tables: rows as they were and as they came back, in the user's own units.</summary>
    public ReportTable? Rows { get; init; }

    /// <summary>Latents in two dimensions.</summary>
    public IReadOnlyList<LatentPoint> Map { get; init; } = [];

    /// <summary>One latent changed at a time.</summary>
    public ReportPicture? Traversals { get; init; }

    /// <summary>Mean squared error of each feature: autoencoder, PCA.</summary>
    public IReadOnlyList<(string Name, double Autoencoder, double Pca)> FeatureErrors { get; init; } = [];

    /// <summary>For pictures: where errors are, a PNG.</summary>
    public ReportPicture? ErrorMap { get; init; }

    /// <summary>Scores of the measured samples.</summary>
    public IReadOnlyList<double> Scores { get; init; } = [];

    /// <summary>New samples.</summary>
    public ReportPicture? Samples { get; init; }

    /// <summary>Seeds, hashes, versions, times.</summary>
    public required IReadOnlyList<(string Name, string Value)> Facts { get; init; }

    /// <summary>The exact options, JSON.</summary>
    public required string OptionsJson { get; init; }
}

/// <summary>A picture.</summary>
/// <param name="Png">A PNG file.</param>
/// <param name="Caption">How to read it.</param>
public sealed record ReportPicture(byte[] Png, string Caption);

/// <summary>Cells of a table; in pairs of rows, original above reconstruction.</summary>
/// <param name="Columns">Titles.</param>
/// <param name="Pairs">Original and reconstruction of each row.</param>
public sealed record ReportTable(IReadOnlyList<string> Columns, IReadOnlyList<(string[] Original, string[] Reconstruction)> Pairs);

/// <summary>One sample's place in the map.</summary>
/// <param name="X">First coordinate.</param>
/// <param name="Y">Second coordinate.</param>
/// <param name="Label">Its label; null for none.</param>
public readonly record struct LatentPoint(double X, double Y, string? Label);
