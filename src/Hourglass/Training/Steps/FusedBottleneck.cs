using System.Numerics.Tensors;
using Hourglass.Bottlenecks;
using Tensor = TorchSharp.torch.Tensor;

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

    /// <summary>Before an evaluation.</summary>
    /// <param name="samples">How many.</param>
    /// <param name="context">What may be drawn.</param>
    /// <returns>Draws, a row for each sample; null where none are made.</returns>
    public virtual Tensor? BeginEvaluation(int samples, StepContext context) => null;

    /// <summary>Takes the draws of the samples that are evaluated next.</summary>
    public virtual void Take(Tensor drawn)
    {
    }

    /// <summary>Makes latents for some rows that are evaluated.</summary>
    /// <param name="first">First row.</param>
    /// <param name="last">After the last.</param>
    /// <param name="penalties">Receives each row's penalty.</param>
    public virtual void Evaluate(int first, int last, double[] penalties)
    {
    }

    /// <summary>After some rows were evaluated.</summary>
    public virtual void Evaluated(int rows)
    {
    }

    /// <summary>After an evaluation.</summary>
    /// <returns>A penalty for all its samples together, in nats a sample.</returns>
    public virtual double PenaltyTogether(int samples) => 0;

    protected Span<float> Row(float* values, int row) => new(values + ((long)row * Latents.Stride), Size);
}

/// <summary>The map's values themselves, with L1, L2 and KL-rho penalties.</summary>
internal sealed unsafe class FusedDeterministic(DeterministicOptions options, FusedRoom room, FusedLayer layer) : FusedBottleneck(room, layer)
{
    private readonly float[] _slopes = new float[layer.Outputs]; // of KL-rho, by the mean activation
    private readonly double[] _sums = new double[layer.Outputs]; // of activations

    public override float* Values => Latents.After;

    public override bool LooksAtBatch => options.KlRho > 0;

    public override double Look(int rows, StepContext context)
    {
        Array.Clear(_sums);
        Add(rows);
        context.Share!.Sum(_sums);
        return Divergence(context.Share.Together);
    }

    public override Tensor? BeginEvaluation(int samples, StepContext context)
    {
        Array.Clear(_sums);
        return null;
    }

    public override void Evaluate(int first, int last, double[] penalties)
    {
        for (var row = first; row < last && options is not { L1: 0, L2: 0 }; row++)
        {
            penalties[row] = Penalty(Row(Values, row));
        }
    }

    public override void Evaluated(int rows)
    {
        if (options.KlRho > 0)
        {
            Add(rows);
        }
    }

    public override double PenaltyTogether(int samples) => options.KlRho > 0 ? Divergence(samples) : 0;

    private double Penalty(ReadOnlySpan<float> values) => (options.L1 * TensorPrimitives.SumOfMagnitudes(values)) + (options.L2 / 2 * TensorPrimitives.SumOfSquares(values));

    private void Add(int rows)
    {
        for (var row = 0; row < rows; row++)
        {
            var values = Row(Values, row);
            for (var unit = 0; unit < values.Length; unit++)
            {
                _sums[unit] += values[unit];
            }
        }
    }

    // KL-rho of the mean activations over so many samples.
    private double Divergence(long rows)
    {
        var (rho, total) = (options.Rho, 0.0);
        for (var unit = 0; unit < _sums.Length; unit++)
        {
            var mean = Math.Clamp(_sums[unit] / rows, 1e-6, 1 - 1e-6);
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

            penalties[row] = Penalty(values);
        }
    }
}
