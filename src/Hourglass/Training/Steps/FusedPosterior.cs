using System.Numerics.Tensors;
using Hourglass.Bottlenecks;
using Hourglass.Kernels;
using Tensor = TorchSharp.torch.Tensor;

namespace Hourglass.Training.Steps;

/// <summary>Means and log-variances of latents, and draws from them.</summary>
internal abstract unsafe class FusedPosterior(GaussianOptions options, FusedRoom room, FusedLayer mean, FusedLayer logVariance, int blocks) : FusedBottleneck(room, mean)
{
    protected const float LargestLogVariance = 20;
    private readonly float* _values = room.Take(DenseMap.Stride(mean.Outputs), blocks);

    public override float* Values => _values;

    protected GaussianOptions Options { get; } = options;

    protected LayerRoom LogVariance { get; } = room[logVariance];

    protected float* Deviation { get; } = room.Take(DenseMap.Stride(mean.Outputs));

    /// <summary>Standard normal numbers, a row for each draw.</summary>
    protected abstract float* Noise { get; }

    // One draw, whatever training makes, and no dimension is free.
    public override Tensor? BeginEvaluation(int samples, StepContext context) => context.Normal([samples, Size]);

    public override void Take(Tensor drawn) => TensorRows.Copy(drawn, Size, Noise, Latents.Stride);

    public override void Evaluate(int first, int last, double[] penalties)
    {
        for (var row = first; row < last; row++)
        {
            TakeDeviation(row);
            TensorPrimitives.MultiplyAdd<float>(Row(Deviation, row), Row(Noise, row), Row(Latents.After, row), Row(_values, row));
            penalties[row] = 0;
            for (var unit = 0; unit < Size; unit++)
            {
                penalties[row] += Options.Beta * Divergence(row, unit);
            }
        }
    }

    /// <summary>Beta, as far as it has grown.</summary>
    protected double Weight(StepContext context) => Options.Beta * (Options.AnnealingEpochs > 0 ? Math.Min(1, context.Epoch / Options.AnnealingEpochs) : 1);

    /// <summary>A row's deviations from its log-variances.</summary>
    protected void TakeDeviation(int row)
    {
        var deviation = Row(Deviation, row);
        TensorPrimitives.Clamp(Row(LogVariance.After, row), -LargestLogVariance, LargestLogVariance, deviation);
        TensorPrimitives.Multiply(deviation, 0.5f, deviation);
        TensorPrimitives.Exp(deviation, deviation);
    }

    /// <summary>From the standard normal, in nats.</summary>
    protected double Divergence(int row, int unit)
    {
        var (mean, deviation) = (Row(Latents.After, row)[unit], Row(Deviation, row)[unit]);
        var log = Math.Clamp(Row(LogVariance.After, row)[unit], -LargestLogVariance, LargestLogVariance);
        return 0.5 * (((double)mean * mean) + ((double)deviation * deviation) - log - 1);
    }
}

/// <summary>Means and log-variances, a draw, and the divergence from the standard normal.</summary>
internal sealed unsafe class FusedGaussian(GaussianOptions options, FusedRoom room, FusedLayer mean, FusedLayer logVariance, int blocks) : FusedPosterior(options, room, mean, logVariance, blocks)
{
    private readonly float* _noise = room.Take(DenseMap.Stride(mean.Outputs));
    private readonly bool[] _isFree = new bool[mean.Outputs];

    protected override float* Noise => _noise;

    public override bool LooksAtBatch => Options.FreeBits > 0;

    public override void Draw(int rows, StepContext context)
    {
        using var drawn = context.Normal([rows, Size]);
        Take(drawn);
    }

    public override void Forward(int first, int last)
    {
        for (var row = first; row < last; row++)
        {
            TakeDeviation(row);
            TensorPrimitives.MultiplyAdd<float>(Row(Deviation, row), Row(_noise, row), Row(Latents.After, row), Row(Values, row));
        }
    }

    public override double Look(int rows, StepContext context)
    {
        var sums = new double[Size];
        for (var unit = 0; unit < Size; unit++)
        {
            for (var row = 0; row < rows; row++)
            {
                sums[unit] += Divergence(row, unit);
            }
        }

        context.Share!.Sum(sums);
        var total = 0.0;
        for (var unit = 0; unit < Size; unit++)
        {
            var divergence = sums[unit] / context.Share.Together;
            _isFree[unit] = divergence < Options.FreeBits;
            total += Math.Max(divergence, Options.FreeBits);
        }

        return total * Weight(context);
    }

    public override void Backward(int first, int last, float scale, StepContext context, double[] penalties)
    {
        var weight = (float)Weight(context);
        for (var row = first; row < last; row++)
        {
            var means = Row(Latents.After, row);
            var logs = Row(LogVariance.After, row);
            var deviation = Row(Deviation, row);
            var noise = Row(_noise, row);
            var toMean = Row(Latents.Gradient, row);
            var toLog = Row(LogVariance.Gradient, row);
            var total = 0.0;
            for (var unit = 0; unit < means.Length; unit++)
            {
                var (pull, variance) = (_isFree[unit] ? 0 : weight * scale, deviation[unit] * deviation[unit]);
                var slope = (toMean[unit] * noise[unit] * deviation[unit] * 0.5f) + (pull * 0.5f * (variance - 1));
                toLog[unit] = Math.Abs(logs[unit]) <= LargestLogVariance ? slope : 0;
                toMean[unit] += pull * means[unit];
                total += Options.FreeBits > 0 ? 0 : Divergence(row, unit);
            }

            penalties[row] = total * weight;
        }
    }
}
