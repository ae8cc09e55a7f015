using System.Runtime.InteropServices;
using Hourglass.Baselines;
using Hourglass.Bundles;
using Hourglass.Data.Stores;
using Hourglass.Engine;
using Hourglass.Preprocessing;
using Hourglass.Scoring;
using Hourglass.Training;
using static TorchSharp.torch;

namespace Hourglass;

/// <summary>A trained model with all that it needs: preprocessing, PCA for comparison, and a mixture to sample from.</summary>
/// <remarks>Made by <see cref="Tasks.TrainTask"/> or read by <see cref="Load"/>; there is no untrained state.</remarks>
public sealed class TrainedAutoencoder : IReconstructor
{
    private const int BatchSize = 512;

    internal TrainedAutoencoder(Autoencoder model, SamplePreprocessing preprocessing, PrincipalComponents? pca, IReadOnlyList<LatentDensity>? densities, TrainingRecord record)
    {
        (Model, Preprocessing, Pca, Densities, Record) = (model, preprocessing, pca, densities ?? [], record);
        model.eval();
    }

    /// <summary>The model; encoder and decoder can be called alone on tensors.</summary>
    public Autoencoder Model { get; }

    /// <summary>From raw data to model input and back.</summary>
    public SamplePreprocessing Preprocessing { get; }

    /// <summary>PCA fitted on the same training part.</summary>
    public PrincipalComponents? Pca { get; }

    /// <summary>Densities fitted to the latents after training, the best for sampling last; empty for very long or sparse latents.</summary>
    public IReadOnlyList<LatentDensity> Densities { get; }

    /// <summary>Whether new samples can be drawn.</summary>
    public bool CanSample => Model.Options.Bottleneck.HasPrior || Densities.Count > 0;

    /// <summary>How it was trained.</summary>
    public TrainingRecord Record { get; }

    /// <summary>Whether encoding and decoding go through the PCA in the same file instead of the network.</summary>
    public bool UsesPca { get; private init; }

    /// <inheritdoc/>
    public int SampleLength => Model.SampleLength;

    /// <summary>Length of a latent; the number of components with PCA.</summary>
    public int LatentSize => UsesPca ? Pca!.Count : Model.Options.LatentSize!.Value;

    /// <summary>The same file with PCA as the model: where PCA wins, it is the one to use.</summary>
    /// <exception cref="HourglassException">The file holds no PCA.</exception>
    public TrainedAutoencoder WithPca() => Pca is null
        ? throw new HourglassException("This model was saved without PCA; train it again.")
        : new TrainedAutoencoder(Model, Preprocessing, Pca, null, Record) { UsesPca = true };

    /// <summary>Reads a bundle.</summary>
    /// <param name="path">A .hourglass file.</param>
    /// <exception cref="BundleException">The file is broken; the message says how.</exception>
    public static TrainedAutoencoder Load(string path)
    {
        NativeEngine.Require();
        return ModelBundle.FromContents(BundleFile.Read(path), path);
    }

    /// <summary>Writes a bundle.</summary>
    /// <param name="path">Where it goes.</param>
    public void Save(string path) => BundleFile.Write(path, ModelBundle.ToContents(this));

    /// <summary>Encodes samples in model-input units.</summary>
    /// <param name="samples">[sample, value], row-major.</param>
    /// <returns>Latents, [sample, latent], row-major.</returns>
    public float[] Encode(ReadOnlySpan<float> samples) => Map(samples, Model.SampleLength, Shape(), EncodeBatch);

    /// <summary>Decodes latents.</summary>
    /// <param name="latents">[sample, latent], row-major.</param>
    /// <returns>Reconstructions in model-input units, [sample, value], row-major.</returns>
    public float[] Decode(ReadOnlySpan<float> latents) => Map(latents, LatentSize, [LatentSize], DecodeBatch);

    /// <summary>Encodes, then decodes.</summary>
    /// <param name="samples">[sample, value], row-major.</param>
    /// <returns>Reconstructions, same shape.</returns>
    public float[] Reconstruct(ReadOnlySpan<float> samples) => Map(samples, Model.SampleLength, Shape(), ReconstructBatch);

    /// <inheritdoc/>
    public void Encode(ReadOnlySpan<float> samples, Span<float> latents)
    {
        SampleRows.Count(this, samples, latents);
        Encode(samples).CopyTo(latents);
    }

    /// <inheritdoc/>
    public void Reconstruct(ReadOnlySpan<float> samples, Span<float> latents, Span<float> reconstructions)
    {
        SampleRows.Require(this, SampleRows.Count(this, samples, latents), reconstructions);
        Encode(samples, latents);
        Decode(latents).CopyTo(reconstructions);
    }

    /// <inheritdoc/>
    public void Decode(ReadOnlySpan<float> latents, Span<float> reconstructions)
    {
        SampleRows.Require(this, SampleRows.CountLatents(this, latents), reconstructions);
        Decode(latents).CopyTo(reconstructions);
    }

    /// <summary>Encodes what training would have shown the encoder (noise added, parts hidden), then decodes.</summary>
    /// <param name="samples">[sample, value], row-major.</param>
    /// <param name="seed">Seed of the noise.</param>
    /// <returns>What the encoder saw, and its reconstructions, both of the samples' shape.</returns>
    /// <exception cref="HourglassException">The PCA of the bundle is in use.</exception>
    public (float[] Seen, float[] Reconstructions) ReconstructCorrupted(ReadOnlySpan<float> samples, int seed)
    {
        if (UsesPca)
        {
            throw new HourglassException("PCA was not trained on corrupted samples. Leave --use pca out.");
        }

        using var noise = new Generator((ulong)(uint)seed);
        var seen = new List<float>();
        var reconstructions = Map(samples, Model.SampleLength, Shape(), batch =>
        {
            var (shown, made) = Model.ReconstructCorrupted(batch, noise);
            seen.AddRange(MemoryMarshal.Cast<byte, float>(shown.contiguous().bytes));
            return made;
        });
        return ([.. seen], reconstructions);
    }

    /// <summary>Encodes samples held in a tensor span.</summary>
    /// <param name="samples">[sample, value].</param>
    /// <returns>Latents, [sample, latent].</returns>
    public System.Numerics.Tensors.Tensor<float> Encode(System.Numerics.Tensors.ReadOnlyTensorSpan<float> samples)
    {
        var flat = new float[samples.FlattenedLength];
        samples.FlattenTo(flat);
        var latents = Encode(flat);
        return System.Numerics.Tensors.Tensor.Create(latents, [latents.Length / LatentSize, LatentSize]);
    }

    /// <summary>Decodes latents held in a tensor span.</summary>
    /// <param name="latents">[sample, latent].</param>
    /// <returns>Reconstructions, [sample, value].</returns>
    public System.Numerics.Tensors.Tensor<float> Decode(System.Numerics.Tensors.ReadOnlyTensorSpan<float> latents)
    {
        var flat = new float[latents.FlattenedLength];
        latents.FlattenTo(flat);
        var samples = Decode(flat);
        return System.Numerics.Tensors.Tensor.Create(samples, [samples.Length / Model.SampleLength, Model.SampleLength]);
    }

    /// <summary>Squared reconstruction error per value (for tokens, the objective): higher is more anomalous.</summary>
    /// <param name="samples">[sample, value], row-major.</param>
    /// <returns>One score for each sample.</returns>
    public float[] Score(ReadOnlySpan<float> samples) =>
        Map(samples, Model.SampleLength, Shape(), batch => Model.Options.Input!.Vocabulary is not null ? Model.Distances(batch).mean([1L]) : (batch - ReconstructBatch(batch)).Squared().flatten(1).mean([1L]));

    /// <summary>Draws new samples: from the prior where the bottleneck has one, else from the richest density fitted to the latents.</summary>
    /// <param name="count">How many.</param>
    /// <param name="seed">Seed.</param>
    /// <param name="density">"prior" or the name of one of <see cref="Densities"/>; chosen when null.</param>
    /// <param name="label">For a conditional model, the class to draw.</param>
    /// <returns>Samples in model-input units, [sample, value], row-major.</returns>
    /// <exception cref="HourglassException">There is neither prior nor density, or none of that name, or no such class.</exception>
    public float[] Sample(int count, int seed, string? density = null, string? label = null)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var generator = new Generator((ulong)(uint)seed);
        var latents = SampleLatents(count, seed, density, generator);
        var classes = label is null ? null : Class(label).expand(count, -1);
        return Map(MemoryMarshal.Cast<byte, float>(latents.contiguous().bytes), LatentSize, [LatentSize], part => DecodeBatch(part, classes?.narrow(0, 0, part.shape[0])));
    }

    /// <summary>Latents of samples in a store.</summary>
    /// <param name="samples">Model inputs.</param>
    /// <param name="indices">Which samples.</param>
    /// <returns>Float32, [sample, latent].</returns>
    public Tensor Latents(SampleStore samples, ReadOnlyMemory<long> indices)
    {
        using var reader = new BatchReader(samples, CPU);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        return cat([.. reader.Batches(indices).Select(part => EncodeBatch(reader.Read(part.Span)))], 0).MoveToOuterDisposeScope();
    }

    /// <summary>Logarithm of each sample's likelihood, estimated from below by importance sampling, in nats.</summary>
    /// <param name="samples">Model inputs.</param>
    /// <param name="indices">Which samples.</param>
    /// <param name="draws">Draws for each sample.</param>
    /// <param name="seed">Seed of the draws.</param>
    public double[] LogLikelihoods(SampleStore samples, ReadOnlyMemory<long> indices, int draws, int seed)
    {
        const int Rows = 64; // 50 draws of each at once stay near 10 MB for small pictures
        using var reader = new BatchReader(samples, CPU);
        using var noise = new Generator((ulong)(uint)seed);
        var results = new List<double>();
        for (var start = 0; start < indices.Length; start += Rows)
        {
            using var scope = NewDisposeScope();
            results.AddRange(Doubles(Model.LogLikelihood(reader.Read(indices.Slice(start, Math.Min(Rows, indices.Length - start)).Span), draws, noise)));
        }

        return [.. results];
    }

    /// <summary>Named figures of the latents of some samples: active units, L0, dead share, perplexity.</summary>
    /// <param name="samples">Model inputs.</param>
    /// <param name="indices">Which samples.</param>
    public IReadOnlyDictionary<string, double> LatentFigures(SampleStore samples, ReadOnlyMemory<long> indices) =>
        UsesPca ? new Dictionary<string, double>(StringComparer.Ordinal) : Baselines.LatentFigures.Of(this, samples, indices);

    /// <summary>Measures on a store: squared error and the objective, per sample.</summary>
    /// <param name="samples">Model inputs.</param>
    /// <param name="indices">Samples to measure.</param>
    /// <param name="featureErrors">Receives the mean squared error of each value, when not empty.</param>
    public SampleErrors Measure(SampleStore samples, ReadOnlyMemory<long> indices, double[]? featureErrors = null)
    {
        using var reader = new BatchReader(samples, CPU);
        var (squared, normalized, objective) = (new List<double>(), new List<double>(), new List<double>());
        foreach (var part in reader.Batches(indices))
        {
            using var scope = NewDisposeScope();
            using var evaluation = inference_mode();
            var batch = reader.Read(part.Span);
            var differences = batch - Model.Reconstruct(batch);
            var errors = (differences * differences).flatten(1); // square() hands the engine a scalar that the collector may take too early
            squared.AddRange(Doubles(errors.mean([1L])));
            normalized.AddRange(Doubles(errors.sum([1L]) / (batch * batch).flatten(1).sum([1L]).clamp_min(HeldScalar.Of(1e-12))));
            objective.AddRange(Doubles(Model.Distances(batch).mean([1L])));
            if (featureErrors is not null)
            {
                var sums = Doubles(errors.sum([0L]));
                for (var value = 0; value < featureErrors.Length; value++)
                {
                    featureErrors[value] += sums[value] / indices.Length;
                }
            }
        }

        return new SampleErrors([.. squared], [.. normalized], [.. objective]);
    }

    /// <inheritdoc/>
    public void Dispose() => Model.Dispose();

    private static double[] Doubles(Tensor values) => [.. MemoryMarshal.Cast<byte, float>(values.contiguous().bytes).ToArray().Select(value => (double)value)];

    private Tensor EncodeBatch(Tensor samples) => UsesPca ? Pca!.Encode(samples) : Model.Encode(samples);

    private Tensor DecodeBatch(Tensor latents) => DecodeBatch(latents, null);

    private Tensor DecodeBatch(Tensor latents, Tensor? classes) =>
        UsesPca ? Pca!.Decode(latents).reshape([latents.shape[0], .. Shape().Select(size => (long)size)]) : Model.Decode(latents, classes);

    private Tensor ReconstructBatch(Tensor samples) => DecodeBatch(EncodeBatch(samples));

    private Tensor SampleLatents(int count, int seed, string? density, Generator generator)
    {
        if (!UsesPca && density is null or "prior" && Model.SamplePrior(count, generator) is { } drawn)
        {
            return drawn;
        }

        var chosen = density is null ? Densities.Count > 0 ? Densities[^1] : null : Densities.FirstOrDefault(one => one.Name == density);
        if (chosen is null)
        {
            var names = Densities.Select(one => one.Name).Prepend(Model.Options.Bottleneck.HasPrior ? "prior" : "");
            throw new HourglassException($"There is no density '{density ?? "prior"}' in this model to draw from; it has: {string.Join(", ", names.Where(name => name.Length > 0))}.");
        }

        var latents = chosen.Sample(count, seed);
        return latents.dtype == ScalarType.Int64 ? ((Bottlenecks.IDiscreteBottleneck)Model.Bottleneck).Latents(latents) : latents;
    }

    private Tensor Class(string label)
    {
        var names = Model.Options.Condition?.Classes ?? throw new HourglassException("This model knows no classes; train it with --condition-on-label.");
        var place = names.ToList().IndexOf(label);
        return place >= 0 ? nn.functional.one_hot(tensor(new long[] { place }), names.Count).to(ScalarType.Float32)
            : throw new HourglassException($"This model knows no class '{label}'. Classes: {string.Join(", ", names.Take(40))}.");
    }

    private int[] Shape() => [.. Model.Options.Input!.Shape];

    private static float[] Map(ReadOnlySpan<float> rows, int length, int[] shape, Func<Tensor, Tensor> map)
    {
        if (rows.Length % length != 0)
        {
            throw new ShapeException($"Expected rows of {length} values, got {rows.Length} values, which is no multiple of it.");
        }

        using var evaluation = inference_mode(); // what leaves is numbers, no tensor that could be asked for a gradient
        var results = new List<float>();
        for (var start = 0; start < rows.Length; start += length * BatchSize)
        {
            using var scope = NewDisposeScope();
            var part = rows.Slice(start, Math.Min(length * BatchSize, rows.Length - start));
            var batch = empty([part.Length / length, .. shape.Select(size => (long)size)]);
            part.CopyTo(MemoryMarshal.Cast<byte, float>(batch.bytes));
            results.AddRange(MemoryMarshal.Cast<byte, float>(map(batch).contiguous().bytes));
        }

        return [.. results];
    }
}

/// <summary>Errors of each sample.</summary>
/// <param name="Squared">Squared error per value, in model-input units.</param>
/// <param name="Normalized">Squared error of a sample over its squared length.</param>
/// <param name="Objective">The objective per value.</param>
public sealed record SampleErrors(double[] Squared, double[] Normalized, double[] Objective);
