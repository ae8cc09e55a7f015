using System.Numerics.Tensors;
using Hourglass.Preprocessing;

namespace Hourglass.Scoring;

/// <summary>Squared reconstruction error of samples, and of the runs of values that came from one column each.</summary>
/// <param name="model">Encoder and decoder.</param>
/// <param name="blocks">Runs whose error stands by itself.</param>
public sealed class ReconstructionErrors(IReconstructor model, IReadOnlyList<FeatureBlock> blocks)
{
    private float[] _latents = [];
    private float[] _reconstructions = [];

    /// <summary>Figures of a sample: its score, then the error of each block.</summary>
    public int Width { get; } = 1 + blocks.Count;

    /// <summary>Measures samples.</summary>
    /// <param name="samples">[sample, value], in model-input units.</param>
    /// <param name="figures">Receives [sample, figure]: the mean squared error of all values (higher is more anomalous), then the sum of squared errors of each block.</param>
    public void Measure(ReadOnlySpan<float> samples, Span<float> figures)
    {
        var (length, rows) = (model.SampleLength, samples.Length / model.SampleLength);
        if (_reconstructions.Length < samples.Length)
        {
            (_latents, _reconstructions) = (new float[rows * model.LatentSize], new float[samples.Length]);
        }

        var errors = _reconstructions.AsSpan(0, samples.Length);
        model.Reconstruct(samples, _latents.AsSpan(0, rows * model.LatentSize), errors);
        TensorPrimitives.Subtract(samples, errors, errors);
        TensorPrimitives.Multiply(errors, errors, errors);
        for (var row = 0; row < rows; row++)
        {
            var values = errors.Slice(row * length, length);
            var own = figures.Slice(row * Width, Width);
            own[0] = TensorPrimitives.Sum<float>(values) / length;
            for (var block = 0; block < blocks.Count; block++)
            {
                own[block + 1] = blocks[block].Length == 1 ? values[blocks[block].Start] : TensorPrimitives.Sum<float>(values.Slice(blocks[block].Start, blocks[block].Length));
            }
        }
    }
}
