using Hourglass.Kernels;
using Hourglass.Preprocessing;

namespace Hourglass.Scoring;

/// <summary>Squared reconstruction error of samples, and of the runs of values that came from one column each.</summary>
/// <param name="model">Encoder and decoder.</param>
/// <param name="blocks">Runs whose error stands by itself.</param>
public sealed class ReconstructionErrors(IReconstructor model, IReadOnlyList<FeatureBlock> blocks)
{
    private readonly RowErrors _rows = new(model.SampleLength, blocks);
    private float[] _latents = [];
    private float[] _reconstructions = [];

    /// <summary>Figures of a sample: its score, then the error of each block.</summary>
    public int Width => _rows.Width;

    /// <summary>Whether <see cref="Measure(RowTiles, Span{float})"/> may be asked.</summary>
    internal bool TakesTiles => model is KernelReconstructor { TakesTiles: true } && _rows.IsByValue;

    /// <summary>Measures samples in tiles.</summary>
    internal void Measure(RowTiles samples, Span<float> figures) => ((KernelReconstructor)model).Measure(samples, _rows, figures);

    /// <summary>Measures samples.</summary>
    /// <param name="samples">[sample, value], in model-input units.</param>
    /// <param name="figures">Receives [sample, figure]: the mean squared error of all values (higher is more anomalous), then the sum of squared errors of each block.</param>
    public unsafe void Measure(ReadOnlySpan<float> samples, Span<float> figures)
    {
        var (length, rows) = (model.SampleLength, samples.Length / model.SampleLength);
        if (model is KernelReconstructor dense)
        {
            dense.Measure(samples, _rows, figures);
            return;
        }

        if (_reconstructions.Length < samples.Length)
        {
            (_latents, _reconstructions) = (new float[rows * model.LatentSize], new float[samples.Length]);
        }

        model.Reconstruct(samples, _latents.AsSpan(0, rows * model.LatentSize), _reconstructions.AsSpan(0, samples.Length));
        fixed (float* x = samples, y = _reconstructions, target = figures[..(rows * Width)])
        {
            for (var row = 0; row < rows; row++)
            {
                _rows.Measure(x + ((long)row * length), y + ((long)row * length), target + ((long)row * Width));
            }
        }
    }
}
