using System.Text.Json.Serialization;

namespace Hourglass.Detection.Terms;

/// <summary>A choice of term with its settings, as detector.json holds it. The closed list of kinds is this one.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind", UnknownDerivedTypeHandling = JsonUnknownDerivedTypeHandling.FailSerialization)]
[JsonDerivedType(typeof(ReconstructionRecord), "reconstruction")]
[JsonDerivedType(typeof(NeighbourRecord), "neighbours")]
[JsonDerivedType(typeof(LatentNeighbourRecord), "latent-neighbours")]
[JsonDerivedType(typeof(IsolationRecord), "isolation-forest")]
[JsonDerivedType(typeof(DetailRecord), "detail")]
[JsonDerivedType(typeof(FeatureErrorRecord), "feature-error")]
public abstract record TermRecord
{
    /// <summary>How much the term counts.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>What is subtracted before units are counted: 0, or for terms with a limit the value that few held-out normal samples lie below.</summary>
    public double Offset { get; init; }

    /// <summary>The unit that the term is counted in: its median on held-out normal samples, or for terms with a limit its interquartile range.</summary>
    public double Unit { get; init; } = 1;

    /// <summary>Units that the term comes near but never passes, so that no term drowns the others; no limit when null.</summary>
    public double? Limit { get; init; }

    /// <summary>Whether what the term learns depends on held-out samples, and not on references and members alone.</summary>
    [JsonIgnore]
    internal virtual bool LearnsFromHeldOut => false;

    /// <summary>Whether the term has a meaning for samples like these; rules leave others out when they are fitted.</summary>
    /// <param name="basis">What the detector's rules share.</param>
    internal virtual bool Suits(DetectorBasis basis) => true;

    /// <summary>Learns from the references and members of a basis.</summary>
    /// <param name="basis">What the detector's rules share.</param>
    /// <param name="heldOut">Normal samples that the members were not trained on; or batches of them, each of a basis of its own that was not trained on them.</param>
    internal abstract ScoreTerm Fit(DetectorBasis basis, IReadOnlyList<ScoringBatch> heldOut);

    /// <summary>Reads what was learnt.</summary>
    /// <param name="basis">What the detector's rules share.</param>
    /// <param name="tensors">The term's tensors, checked against the basis as they are asked for.</param>
    internal abstract ScoreTerm Read(DetectorBasis basis, TermTensors tensors);

    /// <summary>What a file claims and no fit produces; null when all is well.</summary>
    /// <param name="basis">What the detector's rules share.</param>
    internal virtual string? Fault(DetectorBasis basis) =>
        !(double.IsFinite(Weight) && Weight >= 0) ? $"weight must be 0 or more, got {Weight}"
        : !(double.IsFinite(Unit) && Unit > 0) ? $"unit must be above 0, got {Unit}"
        : !double.IsFinite(Offset) || Limit is { } limit && !(double.IsFinite(limit) && limit > 0) ? $"offset must be finite and a limit above 0, got {Offset} and {Limit}"
        : null;

    /// <summary>The term's value as it enters the score.</summary>
    internal double Standardised(double value)
    {
        var units = Math.Max(0, (value - Offset) / Unit);
        return Weight * (Limit is { } limit ? units / (1 + (units / limit)) : units);
    }

    /// <summary>The record in units of the term's values on held-out normal samples.</summary>
    /// <param name="sorted">The values, ascending.</param>
    internal TermRecord InUnitsOf(double[] sorted)
    {
        if (sorted.Length == 0)
        {
            return this;
        }

        var (low, spread) = Limit is null ? (0, At(0.5)) : (At(0.05), At(0.75) - At(0.25));
        return this with { Offset = low, Unit = spread > 0 ? spread : Math.Max(sorted.Average() - low, 1e-12) };

        double At(double share) => sorted[(int)(share * (sorted.Length - 1))];
    }
}
