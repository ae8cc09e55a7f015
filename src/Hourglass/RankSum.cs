using System.Runtime.InteropServices;
using Hourglass.Collectives;
using static TorchSharp.torch;

namespace Hourglass;

/// <summary>Sum of a tensor over ranks; backwards, the sum of what each rank's loss owes to it.</summary>
internal sealed class RankSum : autograd.SingleTensorFunction<RankSum>
{
    private const string Ranks = "ranks";

    /// <inheritdoc/>
    public override string Name => nameof(RankSum);

    /// <summary>Sums with a gradient.</summary>
    /// <param name="part">This rank's, float32, of one shape on all ranks.</param>
    /// <param name="ranks">Who takes part.</param>
    public static Tensor Of(Tensor part, ICollective ranks) => part.requires_grad ? apply(part, ranks) : Summed(part, ranks);

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        ctx.save_data(Ranks, vars[1]);
        return Summed((Tensor)vars[0], (ICollective)vars[1]);
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => [Summed(grad_output, (ICollective)ctx.get_data(Ranks)), null!];

    private static Tensor Summed(Tensor part, ICollective ranks)
    {
        var sum = part.detach().contiguous().clone();
        ranks.Sum(MemoryMarshal.Cast<byte, float>(sum.bytes));
        return sum;
    }
}
