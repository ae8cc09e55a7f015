using System.Diagnostics;
using System.Runtime.InteropServices;
using Hourglass.Collectives;
using Hourglass.Engine;
using Hourglass.Networks;
using Hourglass.Networks.Recurrent;
using static TorchSharp.torch;

namespace Hourglass.Training.Steps;

/// <summary>A step by automatic differentiation: takes every model, and is what the fused step is held against.</summary>
internal sealed class AutogradStep(Autoencoder model, BatchReader reader, ICollective? ranks = null, string? obstacle = null) : TrainingStep(model.Options.Training, ranks ?? new SingleProcess(), reader.Device)
{
    private readonly TrainingOptions _options = model.Options.Training;

    public override string Engine => $"automatic differentiation, {(_options.Precision == Precision.Bfloat16 ? "products in bfloat16, " : "")}{get_num_threads()} thread{(get_num_threads() == 1 ? "" : "s")}{(EngineConvolutions.IsMended ? ", oneDNN off because its convolutions are wrong on this machine" : "")}{(obstacle is null ? "" : $" ({obstacle})")}";

    // Nearly all of such a step is our own pass over the series.
    public override bool HasOwnThreads => reader.Device.type == TorchSharp.DeviceType.CPU && model.Options.Network is RecurrentNetworkOptions { Cell: RecurrentCell.Gru } && get_num_threads() > 1;

    public override void Dispose()
    {
    }

    /// <summary>Fills the flat gradients, with weight penalties and clipped.</summary>
    internal Tensor Differentiate(TrainingState state, ReadOnlySpan<long> indices, double epoch)
    {
        using var share = new BatchShare(_options.Seed, state.Optimizer.Steps + 1, RowPlace.Whole(indices.Length), new SingleProcess(), reader.Device);
        state.Parameters.Gradients.zero_();
        var loss = Backward(indices, share, epoch);
        using var noGrad = no_grad();
        Complete(state.Parameters);
        return loss;
    }

    public override double Evaluate(ReadOnlySpan<long> samples, Generator noise)
    {
        using var scope = NewDisposeScope();
        using var evaluation = inference_mode();
        model.eval();
        var loss = model.Forward(reader.ReadBatch(samples), StepContext.Validation(noise)).Loss.item<float>();
        model.train();
        return loss;
    }

    protected override double RunAlone(TrainingState state, ReadOnlySpan<long> indices, double epoch, double rate)
    {
        using var scope = NewDisposeScope();
        var loss = Differentiate(state, indices, epoch);
        Move(state, rate);
        return loss.item<float>();
    }

    protected override double Add(TrainingState state, ReadOnlySpan<long> indices, BatchShare share, double epoch, bool isFirst)
    {
        using var scope = NewDisposeScope();
        if (isFirst)
        {
            state.Parameters.Gradients.zero_();
        }

        if (!share.Place.IsCopy)
        {
            return Backward(indices, share, epoch).item<float>();
        }

        using var noGrad = no_grad();
        using var precision = ReducedPrecision.Use(_options.Precision == Precision.Bfloat16);
        Forward(indices, share, epoch);
        return 0;
    }

    protected override Span<float> Gradients(TrainingState state) => MemoryMarshal.Cast<byte, float>(state.Parameters.Gradients.bytes);

    protected override void Update(TrainingState state, double rate)
    {
        using var scope = NewDisposeScope();
        using (no_grad())
        {
            Complete(state.Parameters);
        }

        Move(state, rate);
    }

    private Tensor Backward(ReadOnlySpan<long> indices, BatchShare share, double epoch)
    {
        using var precision = ReducedPrecision.Use(_options.Precision == Precision.Bfloat16);
        var (pass, batch, context) = Forward(indices, share, epoch);
        var mark = Stopwatch.GetTimestamp();
        var loss = WithJacobianPenalties(pass, batch, context);
        loss = share.Weight == 1 ? loss : loss * HeldScalar.Of(share.Weight);
        mark = Clock.End(TrainingPhase.Forward, mark);
        loss.backward();
        Clock.End(TrainingPhase.Backward, mark);
        return loss;
    }

    private (Pass Pass, Batch Batch, StepContext Context) Forward(ReadOnlySpan<long> indices, BatchShare share, double epoch)
    {
        var mark = Stopwatch.GetTimestamp();
        var context = new StepContext(share.Noise, epoch) { Share = share };
        var batch = Augmentations.Apply(reader.ReadBatch(indices), _options.Augmentation, share.Noise);
        mark = Clock.End(TrainingPhase.Gather, mark);
        var pass = model.Forward(batch with { Condition = Autoencoder.DropClasses(batch.Condition, context) }, context);
        Clock.End(TrainingPhase.Forward, mark);
        return (pass, batch, context);
    }

    private void Move(TrainingState state, double rate)
    {
        var mark = Stopwatch.GetTimestamp();
        using var noGrad = no_grad();
        model.ConstrainGradients();
        state.Optimizer.Step(rate);
        model.ConstrainWeights();
        Clock.End(TrainingPhase.Update, mark);
    }

    private void Complete(FlatParameters parameters)
    {
        var mark = Stopwatch.GetTimestamp();
        var regularization = model.Options.Regularization;
        AddWeightPenalty(parameters, regularization.L1, regularization.L2);
        Clip(parameters);
        Clock.End(TrainingPhase.Update, mark);
    }

    private Tensor WithJacobianPenalties(Pass pass, Batch batch, StepContext context)
    {
        var (regularization, loss) = (model.Options.Regularization, pass.Loss);
        if (regularization.Contractive > 0)
        {
            loss = loss + (model.JacobianPenalty(batch.Input, context) * HeldScalar.Of(regularization.Contractive / model.SampleLength));
        }

        if (regularization.DecoderGradient > 0)
        {
            loss = loss + (model.DecoderGradientPenalty(pass, context) * HeldScalar.Of(regularization.DecoderGradient / model.SampleLength));
        }

        return loss;
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
