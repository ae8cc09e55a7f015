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
[JsonDerivedType(typeof(PairRecord), "pairs")]
public abstract record TermRecord
{
    private const double UnseenUnits = 10; // of typical normal samples

    /// <summary>How much the term counts.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>What is subtracted before units are counted: 0, or for terms with a limit the value that few held-out normal samples lie below.</summary>
    public double Offset { get; init; }

    /// <summary>The unit that the term is counted in: its median on held-out normal samples, or for terms with a limit its interquartile range.</summary>
    public double Unit { get; init; } = 1;

    /// <summary>Whether the term counts as surprise, in nats, instead of in units of its own: terms with tails of other shapes then weigh alike. Of rows alone: windows and pictures count in units.</summary>
    public bool IsSurprise { get; init; }

    /// <summary>From the term's value to nats, learnt from held-out normal samples; null where it counts in units, and before it is fitted.</summary>
    public SurpriseCurve? Surprise { get; init; }

    /// <summary>Units that the term comes near but never passes, so that no term drowns the others; no limit when null.</summary>
    public double? Limit { get; init; }

    /// <summary>Whether what the term learns depends on held-out samples, and not on references and members alone.</summary>
    [JsonIgnore]
    internal virtual bool LearnsFromHeldOut => false;

    /// <summary>Whether the term has a meaning for samples like these; rules leave others out when they are fitted.</summary>
    /// <param name="basis">What the detector's rules share.</param>
    internal virtual bool Suits(DetectorBasis basis) => true;

    // Neighbouring windows share rows, and of pictures detail is most of the score: what was measured of both is in docs/decisions/0010-terms-count-as-surprise.md.
    internal virtual TermRecord For(DetectorBasis basis) => IsSurprise && basis.Preprocessing.SampleShape.Count > 1 ? this with { IsSurprise = false } : this;

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
        : IsSurprise != Surprise is not null ? "a term that counts as surprise has its curve, and no other has one"
        : Surprise?.Fault();

    /// <summary>The term's value as it enters the score.</summary>
    internal double Standardised(double value)
    {
        if (Surprise is not null)
        {
            return Weight * Surprise.Of(value);
        }

        var units = Math.Max(0, (value - Offset) / Unit);
        return Weight * (Limit is { } limit ? units / (1 + (units / limit)) : units);
    }

    /// <summary>What a value adds to the score that training never had, so that no distance can tell how strange it is.</summary>
    /// <param name="references">Normal samples to compare with: as surprising as what fewer than one in so many has.</param>
    internal double Unseen(int references) => Weight * (IsSurprise ? Math.Log(references + 1.0) : UnseenUnits);

    /// <summary>The record in units of the term's values on held-out normal samples, or with their surprise.</summary>
    /// <param name="sorted">The values, ascending.</param>
    internal TermRecord InUnitsOf(double[] sorted)
    {
        if (sorted.Length == 0)
        {
            return this;
        }

        if (IsSurprise)
        {
            return this with { Surprise = SurpriseCurve.Learn(sorted) };
        }

        var (low, spread) = Limit is null ? (0, At(0.5)) : (At(0.05), At(0.75) - At(0.25));
        return this with { Offset = low, Unit = spread > 0 ? spread : Math.Max(sorted.Average() - low, 1e-12) };

        double At(double share) => sorted[(int)(share * (sorted.Length - 1))];
    }
}
