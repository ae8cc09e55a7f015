using System.Numerics.Tensors;
using Hourglass.Bottlenecks;
using Hourglass.Kernels;

namespace Hourglass.Training.Steps;

/// <summary>What happens to latents between the last map of the encoder and the first of the decoder, by hand.</summary>
internal abstract unsafe class FusedBottleneck(FusedRoom room, FusedLayer layer)
{
    /// <summary>Latents that the decoder is given, [row, latent]; null where they are entries.</summary>
    public abstract float* Values { get; }

    /// <summary>Where the decoder's first map leaves the gradients of its values, where that is not the place of the latents' own; else null.</summary>
    public virtual float* Gradients => null;

    /// <summary>Whether a penalty looks at the whole batch between the two passes.</summary>
    public abstract bool LooksAtBatch { get; }

    protected LayerRoom Latents { get; } = room[layer];

    protected int Size { get; } = layer.Outputs;

    public static FusedBottleneck Create(AutoencoderOptions options, FusedPlan plan, FusedRoom room) => options.Bottleneck switch
    {
        TopKOptions sparse => new FusedTopK(sparse, plan, room, plan.Layers[plan.LatentLayer]),
        GaussianOptions { Draws: > 1 } several => new FusedDraws(several, room, plan.Layers[plan.LatentLayer], plan.LogVariance!, plan.Layers[plan.LatentLayer + 1].Blocks),
        GaussianOptions gaussian => new FusedGaussian(gaussian, room, plan.Layers[plan.LatentLayer], plan.LogVariance!, plan.Layers[plan.LatentLayer + 1].Blocks),
        _ => new FusedDeterministic((DeterministicOptions)options.Bottleneck, room, plan.Layers[plan.LatentLayer]),
    };

    /// <summary>Before the first step of an epoch: takes what the model keeps without gradients.</summary>
    public virtual void Begin(TrainingState state)
    {
    }

    /// <summary>After the last step: gives it back.</summary>
    public virtual void End(TrainingState state)
    {
    }

    /// <summary>Draws what the batch needs, as automatic differentiation would.</summary>
    public virtual void Draw(int rows, StepContext context)
    {
    }

    /// <summary>Makes latents for some rows.</summary>
    public virtual void Forward(int first, int last)
    {
    }

    /// <summary>Looks at the batch.</summary>
    /// <returns>A penalty for the whole batch, in nats a sample.</returns>
    public virtual double Look(int rows, StepContext context) => 0;

    /// <summary>Adds the penalties' gradients for some rows to those that came from the decoder.</summary>
    /// <param name="first">First row.</param>
    /// <param name="last">After the last.</param>
    /// <param name="scale">1 over batch and sample length.</param>
    /// <param name="context">Progress of annealing.</param>
    /// <param name="penalties">Receives each row's penalty.</param>
    public abstract void Backward(int first, int last, float scale, StepContext context, double[] penalties);

    /// <summary>Of the divergence: beta, as far as it has grown.</summary>
    protected static double Weight(GaussianOptions options, StepContext context) => options.Beta * (options.AnnealingEpochs > 0 ? Math.Min(1, context.Epoch / options.AnnealingEpochs) : 1);

    protected Span<float> Row(float* values, int row) => new(values + ((long)row * Latents.Stride), Size);
}

/// <summary>The map's values themselves, with L1, L2 and KL-rho penalties.</summary>
internal sealed unsafe class FusedDeterministic(DeterministicOptions options, FusedRoom room, FusedLayer layer) : FusedBottleneck(room, layer)
{
    private readonly float[] _slopes = new float[layer.Outputs]; // of KL-rho, by the mean activation

    public override float* Values => Latents.After;

    public override bool LooksAtBatch => options.KlRho > 0;

    public override double Look(int rows, StepContext context)
    {
        var means = new double[Size];
        for (var row = 0; row < rows; row++)
        {
            var values = Row(Values, row);
            for (var unit = 0; unit < values.Length; unit++)
            {
                means[unit] += values[unit];
            }
        }

        context.Share!.Sum(means);
        rows = (int)context.Share.Together;
        var (rho, total) = (options.Rho, 0.0);
        for (var unit = 0; unit < means.Length; unit++)
        {
            var mean = Math.Clamp(means[unit] / rows, 1e-6, 1 - 1e-6);
            total += (rho * Math.Log(rho / mean)) + ((1 - rho) * Math.Log((1 - rho) / (1 - mean)));
            _slopes[unit] = mean is 1e-6 or 1 - 1e-6 ? 0 : (float)(options.KlRho * (((1 - rho) / (1 - mean)) - (rho / mean)));
        }

        return total * options.KlRho;
    }

    public override void Backward(int first, int last, float scale, StepContext context, double[] penalties)
    {
        if (options is { L1: 0, L2: 0, KlRho: 0 })
        {
            return;
        }

        var (l1, l2) = ((float)options.L1 * scale, (float)options.L2 * scale);
        for (var row = first; row < last; row++)
        {
            var values = Row(Values, row);
            var gradients = Row(Latents.Gradient, row);
            for (var unit = 0; unit < values.Length; unit++)
            {
                gradients[unit] += (l1 * Math.Sign(values[unit])) + (l2 * values[unit]) + (scale * _slopes[unit]);
            }

            penalties[row] = (options.L1 * TensorPrimitives.SumOfMagnitudes<float>(values)) + (options.L2 / 2 * TensorPrimitives.SumOfSquares<float>(values));
        }
    }
}

/// <summary>Means and log-variances, a draw, and the divergence from the standard normal.</summary>
internal sealed unsafe class FusedGaussian(GaussianOptions options, FusedRoom room, FusedLayer mean, FusedLayer logVariance, int blocks) : FusedBottleneck(room, mean)
{
    public const float LargestLogVariance = 20;
    private readonly LayerRoom _logVariance = room[logVariance];
    private readonly float* _values = room.Take(DenseMap.Stride(mean.Outputs), blocks);
    private readonly float* _noise = room.Take(DenseMap.Stride(mean.Outputs));
    private readonly float* _deviation = room.Take(DenseMap.Stride(mean.Outputs));
    private readonly bool[] _isFree = new bool[mean.Outputs];

    public override float* Values => _values;

    public override bool LooksAtBatch => options.FreeBits > 0;

    public override void Draw(int rows, StepContext context)
    {
        using var drawn = context.Normal([rows, Size]);
        TensorRows.Copy(drawn, Size, _noise, Latents.Stride);
    }

    public override void Forward(int first, int last)
    {
        for (var row = first; row < last; row++)
        {
            var deviation = Row(_deviation, row);
            TensorPrimitives.Clamp(Row(_logVariance.After, row), -LargestLogVariance, LargestLogVariance, deviation);
            TensorPrimitives.Multiply(deviation, 0.5f, deviation);
            TensorPrimitives.Exp(deviation, deviation);
            TensorPrimitives.MultiplyAdd<float>(deviation, Row(_noise, row), Row(Latents.After, row), Row(_values, row));
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
            _isFree[unit] = divergence < options.FreeBits;
            total += Math.Max(divergence, options.FreeBits);
        }

        return total * Weight(options, context);
    }

    public override void Backward(int first, int last, float scale, StepContext context, double[] penalties)
    {
        var weight = (float)Weight(options, context);
        for (var row = first; row < last; row++)
        {
            var means = Row(Latents.After, row);
            var logs = Row(_logVariance.After, row);
            var deviation = Row(_deviation, row);
            var noise = Row(_noise, row);
            var toMean = Row(Latents.Gradient, row);
            var toLog = Row(_logVariance.Gradient, row);
            var total = 0.0;
            for (var unit = 0; unit < means.Length; unit++)
            {
                var (pull, variance) = (_isFree[unit] ? 0 : weight * scale, deviation[unit] * deviation[unit]);
                var slope = (toMean[unit] * noise[unit] * deviation[unit] * 0.5f) + (pull * 0.5f * (variance - 1));
                toLog[unit] = Math.Abs(logs[unit]) <= LargestLogVariance ? slope : 0;
                toMean[unit] += pull * means[unit];
                total += options.FreeBits > 0 ? 0 : Divergence(row, unit);
            }

            penalties[row] = total * weight;
        }
    }

    private double Divergence(int row, int unit)
    {
        var (mean, deviation) = (Row(Latents.After, row)[unit], Row(_deviation, row)[unit]);
        var log = Math.Clamp(Row(_logVariance.After, row)[unit], -LargestLogVariance, LargestLogVariance);
        return 0.5 * (((double)mean * mean) + ((double)deviation * deviation) - log - 1);
    }
}
