namespace Hourglass.Regularization;

/// <summary>Penalties on weights and on the encoder; what the latents cost stands with the bottleneck.</summary>
public sealed record RegularizationOptions
{
    /// <summary>Weight of the sum of absolute weights (not biases), added to the loss per value.</summary>
    public double L1 { get; init; }

    /// <summary>Weight of half the sum of squared weights (not biases), added to the loss per value; decoupled decay is the optimiser's.</summary>
    public double L2 { get; init; }

    /// <summary>Weight of the squared Frobenius norm of the encoder's Jacobian, per sample.</summary>
    /// <remarks>Rifai et al. 2011, https://icml.cc/2011/papers/455_icmlpaper.pdf.</remarks>
    public double Contractive { get; init; }

    /// <summary>Random directions that estimate the Jacobian's norm without bias; null for the exact norm, at one backward pass a latent.</summary>
    public int? ContractiveProbes { get; init; } = 1;

    /// <summary>Weight of the squared Frobenius norm of the decoder's Jacobian, per sample, by one random direction.</summary>
    /// <remarks>The RAE's gradient penalty: Ghosh et al. 2020, https://arxiv.org/abs/1903.12436, section 3.</remarks>
    public double DecoderGradient { get; init; }

    /// <summary>Whether the columns of the decoder's first map keep unit norm, the gradient's parallel part removed; true for sparse dictionaries, else false, when null.</summary>
    public bool? UnitNormDictionary { get; init; }

    internal IEnumerable<string> Faults()
    {
        foreach (var (name, value) in new[] { ("l1", L1), ("l2", L2), ("contractive", Contractive), ("decoderGradient", DecoderGradient) })
        {
            if (!(value >= 0) || !double.IsFinite(value))
            {
                yield return $"regularization.{name} must be 0 or more, got {value}.";
            }
        }

        if (ContractiveProbes is < 1)
        {
            yield return $"regularization.contractiveProbes must be at least 1, or null for the exact norm, got {ContractiveProbes}.";
        }
    }
}
