using System.Collections.Concurrent;
using Hourglass.Detection.Terms;
using Hourglass.Scoring;

namespace Hourglass.Detection;

/// <summary>Samples that are scored together, with what the members make of them, computed once for all terms.</summary>
public sealed class ScoringBatch
{
    private readonly ConcurrentDictionary<ScoreTerm, double[]> _values = [];
    private readonly Dictionary<IReconstructor, (float[] Latents, float[] Reconstructions)> _made = [];
    private readonly Dictionary<IReconstructor, float[]> _again = [];

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

        (Basis, Given, Count) = (basis, samples, samples.Length / basis.SampleLength);
        (Samples, Unseen) = Seen(basis, samples);
    }

    /// <summary>What the detector's rules share.</summary>
    public DetectorBasis Basis { get; }

    /// <summary>[sample, value] row-major; where the training data never had such a value, what stands in for it.</summary>
    public float[] Samples { get; }

    /// <summary>The samples as they came: NaN where a value is missing that never was in the training data.</summary>
    internal float[] Given { get; }

    /// <summary>Places of values that the training data never had: of a column that was always the same, or never empty.</summary>
    internal IReadOnlyList<int> Unseen { get; }

    /// <summary>How many samples.</summary>
    public int Count { get; }

    /// <summary>A model's latents, [sample, latent].</summary>
    /// <param name="model">A member of the basis, or its PCA.</param>
    public float[] Latents(IReconstructor model) => Of(model).Latents;

    /// <summary>A model's reconstructions, [sample, value].</summary>
    /// <param name="model">A member of the basis, or its PCA.</param>
    public float[] Reconstructions(IReconstructor model) => Of(model).Reconstructions;

    /// <summary>What a model's encoder makes of its reconstructions, [sample, latent].</summary>
    /// <param name="model">A member of the basis, or its PCA.</param>
    public float[] LatentsOfReconstructions(IReconstructor model)
    {
        var reconstructions = Reconstructions(model);
        lock (_made)
        {
            if (!_again.TryGetValue(model, out var latents))
            {
                latents = new float[Count * model.LatentSize];
                model.Encode(reconstructions, latents);
                _again.Add(model, latents);
            }

            return latents;
        }
    }

    /// <summary>A term's numbers, measured once though several rules may ask; several terms may be measured at a time.</summary>
    /// <param name="term">The term.</param>
    public double[] Values(ScoreTerm term)
    {
        return _values.GetOrAdd(term, Measured);

        double[] Measured(ScoreTerm asked)
        {
            var values = new double[Count];
            asked.Measure(this, values, []);
            return values;
        }
    }

    /// <summary>Some of the samples.</summary>
    /// <param name="samples">Which.</param>
    public ScoringBatch Part(int[] samples)
    {
        var part = new float[samples.Length * Basis.SampleLength];
        for (var place = 0; place < samples.Length; place++)
        {
            Row(samples[place]).CopyTo(part.AsSpan(place * Basis.SampleLength));
        }

        return new ScoringBatch(Basis, part);
    }

    /// <summary>One sample's values.</summary>
    /// <param name="sample">Which sample.</param>
    public ReadOnlySpan<float> Row(int sample) => Samples.AsSpan(sample * Basis.SampleLength, Basis.SampleLength);

    private static (float[] Samples, IReadOnlyList<int> Unseen) Seen(DetectorBasis basis, float[] given)
    {
        var (fillings, constants, samples, unseen) = (basis.Fillings, basis.Constants, given, (List<int>?)null);
        for (var start = 0; start < given.Length && fillings.Length > 0; start += fillings.Length)
        {
            for (var value = 0; value < fillings.Length; value++)
            {
                if (float.IsNaN(given[start + value]) || (constants[value] && given[start + value] != 0))
                {
                    samples = unseen is null ? (float[])given.Clone() : samples;
                    (unseen ??= []).Add(start + value);
                    samples[start + value] = constants[value] ? 0 : fillings[value];
                }
            }
        }

        return (samples, unseen ?? []);
    }

    private (float[] Latents, float[] Reconstructions) Of(IReconstructor model)
    {
        lock (_made) // a model serves one caller at a time
        {
            if (!_made.TryGetValue(model, out var made))
            {
                made = (new float[Count * model.LatentSize], new float[Samples.Length]);
                model.Reconstruct(Samples, made.Latents, made.Reconstructions);
                _made.Add(model, made);
            }

            return made;
        }
    }
}
