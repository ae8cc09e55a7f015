namespace Hourglass.Detection;

/// <summary>Samples that are scored together, with what the members make of them, computed once for all terms.</summary>
public sealed class ScoringBatch
{
    private readonly (float[] Latents, float[] Reconstructions)?[] _members;

    /// <summary>Takes samples.</summary>
    /// <param name="basis">The detector's basis.</param>
    /// <param name="samples">[sample, value] row-major, in model-input units.</param>
    /// <exception cref="ArgumentException">The samples have another length.</exception>
    public ScoringBatch(DetectorBasis basis, float[] samples)
    {
        if (samples.Length % basis.SampleLength != 0)
        {
            throw new ArgumentException($"Expected rows of {basis.SampleLength} values, got {samples.Length} values.", nameof(samples));
        }

        (Basis, Samples, Count) = (basis, samples, samples.Length / basis.SampleLength);
        _members = new (float[], float[])?[basis.Members.Count];
    }

    /// <summary>What the detector's rules share.</summary>
    public DetectorBasis Basis { get; }

    /// <summary>[sample, value] row-major.</summary>
    public float[] Samples { get; }

    /// <summary>How many samples.</summary>
    public int Count { get; }

    /// <summary>A member's latents, [sample, latent].</summary>
    /// <param name="member">Which member.</param>
    public float[] Latents(int member) => Of(member).Latents;

    /// <summary>A member's reconstructions, [sample, value].</summary>
    /// <param name="member">Which member.</param>
    public float[] Reconstructions(int member) => Of(member).Reconstructions;

    /// <summary>One sample's values.</summary>
    /// <param name="sample">Which sample.</param>
    public ReadOnlySpan<float> Row(int sample) => Samples.AsSpan(sample * Basis.SampleLength, Basis.SampleLength);

    private (float[] Latents, float[] Reconstructions) Of(int member)
    {
        if (_members[member] is { } known)
        {
            return known;
        }

        var model = Basis.Members[member];
        var made = (Latents: new float[Count * model.LatentSize], Reconstructions: new float[Samples.Length]);
        model.Reconstruct(Samples, made.Latents, made.Reconstructions);
        _members[member] = made;
        return made;
    }
}
