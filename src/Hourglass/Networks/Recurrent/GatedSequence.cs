using static TorchSharp.torch;

namespace Hourglass.Networks.Recurrent;

/// <summary>A GRU layer over whole series as one operation of the engine's graph; its gradient is derived by hand and cannot be differentiated again.</summary>
/// <remarks>The engine's own layer makes some thirty calls for each step of the series, forwards and backwards; here a step's numbers stay in the cache.</remarks>
internal sealed class GatedSequence : autograd.SingleTensorFunction<GatedSequence>
{
    public override string Name => nameof(GatedSequence);

    /// <summary>Runs over steps.</summary>
    /// <param name="steps">[batch, step, value].</param>
    /// <param name="state">Before the first step, [batch, width].</param>
    /// <param name="weights">As PyTorch names them: weight_ih [3 width, value], weight_hh [3 width, width], bias_ih and bias_hh [3 width]; gates reset, update, new.</param>
    /// <returns>The state after each step, [batch, step, width].</returns>
    public static Tensor Apply(Tensor steps, Tensor state, IReadOnlyList<Tensor> weights)
    {
        GatedPass Start(bool keeps) => new((int)steps.shape[0], (int)steps.shape[1], (int)steps.shape[2], (int)state.shape[1], keeps) { ReachesSteps = steps.requires_grad };
        if (is_grad_enabled())
        {
            return apply(Start(keeps: true), steps, state, weights[0], weights[1], weights[2], weights[3]);
        }

        using var pass = Start(keeps: false);
        return pass.Forward(steps, state, weights);
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        ctx.save_data(nameof(GatedPass), vars[0]);
        var tensors = vars[1..].Cast<Tensor>().ToList();
        return ((GatedPass)vars[0]).Forward(tensors[0], tensors[1], tensors[2..]);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var noGrad = no_grad();
        return [null!, .. ((GatedPass)ctx.get_data(nameof(GatedPass))).Backward(grad_output)]; // none for the pass itself
    }
}
