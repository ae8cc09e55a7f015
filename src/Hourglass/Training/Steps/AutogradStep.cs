using Hourglass.Engine;
using Hourglass.Networks;
using static TorchSharp.torch;

namespace Hourglass.Training.Steps;

/// <summary>A step by automatic differentiation: takes every model, and is what the fused step is held against.</summary>
internal sealed class AutogradStep(Autoencoder model, BatchReader reader, string? obstacle = null) : TrainingStep
{
    private readonly TrainingOptions _options = model.Options.Training;

    public override string Engine => $"automatic differentiation, {get_num_threads()} thread{(get_num_threads() == 1 ? "" : "s")}{(obstacle is null ? "" : $" ({obstacle})")}";

    public override double Run(TrainingState state, ReadOnlySpan<long> indices, double epoch)
    {
        using var scope = NewDisposeScope();
        var loss = Differentiate(state, indices, epoch);
        using var noGrad = no_grad();
        model.ConstrainGradients();
        state.Optimizer.Step(LearningRateSchedule.Rate(_options, epoch, state.RateScale));
        model.ConstrainWeights();
        return loss.item<float>();
    }

    public override void Dispose()
    {
    }

    /// <summary>Fills the flat gradients, with weight penalties and clipped.</summary>
    internal Tensor Differentiate(TrainingState state, ReadOnlySpan<long> indices, double epoch)
    {
        using var noise = new Generator(SeededOrder.Mix(_options.Seed, state.Optimizer.Steps + 1), reader.Device);
        var (parameters, context) = (state.Parameters, new StepContext(noise, epoch));
        parameters.Gradients.zero_();
        ReducedPrecision.IsOn = _options.Precision == Precision.Bfloat16;
        var batch = Augmentations.Apply(reader.ReadBatch(indices), _options.Augmentation, noise);
        var pass = model.Forward(batch with { Condition = Autoencoder.DropClasses(batch.Condition, context) }, context);
        var loss = pass.Loss + JacobianPenalties(pass, batch, context);
        loss.backward();
        ReducedPrecision.IsOn = false;
        using var noGrad = no_grad();
        var regularization = model.Options.Regularization;
        AddWeightPenalty(parameters, regularization.L1, regularization.L2);
        Clip(parameters);
        return loss;
    }

    private Tensor JacobianPenalties(Pass pass, Batch batch, StepContext context)
    {
        var regularization = model.Options.Regularization;
        var penalty = zeros(1, device: reader.Device).squeeze();
        if (regularization.Contractive > 0)
        {
            penalty += model.JacobianPenalty(batch.Input, context) * HeldScalar.Of(regularization.Contractive / model.SampleLength);
        }

        if (regularization.DecoderGradient > 0)
        {
            penalty += model.DecoderGradientPenalty(pass, context) * HeldScalar.Of(regularization.DecoderGradient / model.SampleLength);
        }

        return penalty;
    }

    private static void AddWeightPenalty(FlatParameters parameters, double l1, double l2)
    {
        if (l1 > 0)
        {
            parameters.Gradients.addcmul_(parameters.Values.sign(), parameters.WeightMask, HeldScalar.Of(l1));
        }

        if (l2 > 0)
        {
            parameters.Gradients.addcmul_(parameters.Values, parameters.WeightMask, HeldScalar.Of(l2));
        }
    }

    private void Clip(FlatParameters parameters)
    {
        if (_options.ClipNorm is { } limit)
        {
            var norm = parameters.Gradients.norm().item<float>();
            if (norm > limit)
            {
                parameters.Gradients.mul_(tensor((float)(limit / norm), device: reader.Device));
            }
        }
    }
}
