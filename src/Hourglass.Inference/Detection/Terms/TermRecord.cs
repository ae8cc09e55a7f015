using System.Text.Json.Serialization;

namespace Hourglass.Detection.Terms;

/// <summary>A choice of term with its settings, as detector.json holds it. The closed list of kinds is this one.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind", UnknownDerivedTypeHandling = JsonUnknownDerivedTypeHandling.FailSerialization)]
[JsonDerivedType(typeof(ReconstructionRecord), "reconstruction")]
[JsonDerivedType(typeof(NeighbourRecord), "neighbours")]
public abstract record TermRecord
{
    /// <summary>How much the term counts.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>The term's median on held-out normal samples: the unit it is counted in.</summary>
    public double Unit { get; init; } = 1;

    /// <summary>Learns from the references and members of a basis.</summary>
    /// <param name="basis">What the detector's rules share.</param>
    /// <param name="heldOut">Normal samples that the members were not trained on.</param>
    internal abstract ScoreTerm Fit(DetectorBasis basis, ScoringBatch heldOut);

    /// <summary>Reads what was learnt.</summary>
    /// <param name="basis">What the detector's rules share.</param>
    /// <param name="tensors">The term's tensors, checked against the basis as they are asked for.</param>
    internal abstract ScoreTerm Read(DetectorBasis basis, TermTensors tensors);

    /// <summary>What a file claims and no fit produces; null when all is well.</summary>
    /// <param name="basis">What the detector's rules share.</param>
    internal virtual string? Fault(DetectorBasis basis) =>
        !(double.IsFinite(Weight) && Weight >= 0) ? $"weight must be 0 or more, got {Weight}"
        : !(double.IsFinite(Unit) && Unit > 0) ? $"unit must be above 0, got {Unit}"
        : null;

    /// <summary>The term's value as it enters the score.</summary>
    internal double Standardised(double value) => Weight * value / Unit;
}
