using System.Text.Json;
using Hourglass.Detection.Calibration;
using Hourglass.Detection.Terms;

namespace Hourglass.Detection;

/// <summary>detector.json: how a detector scores. Large arrays stand in the weights, under "detector.".</summary>
public sealed record DetectorRecord
{
    /// <summary>The name of the rule that scores.</summary>
    public required string Chosen { get; init; }

    /// <summary>How scores become alarms.</summary>
    public ThresholdRule Threshold { get; init; } = ThresholdRule.Default;

    /// <summary>All ways to score.</summary>
    public required IReadOnlyList<RuleRecord> Rules { get; init; }

    /// <summary>Further members of the ensemble, each as its own model.json; the first member is the bundle's model.</summary>
    public IReadOnlyList<JsonElement> FurtherMembers { get; init; } = [];

    /// <summary>Folds of which each was scored by what had learnt from the others; 0 where samples were held out.</summary>
    public int Folds { get; init; }

    /// <summary>Whether the training data may hold anomalies; false in files from before it was set.</summary>
    public bool IsContaminated { get; init; }
}

/// <summary>A way to score, as the file holds it.</summary>
/// <param name="Name">"autoencoder", or a rival's name.</param>
/// <param name="Terms">What is added up.</param>
public sealed record RuleRecord(string Name, IReadOnlyList<TermRecord> Terms);
