using Hourglass.Engine;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Hourglass.Networks;

/// <summary>Calls a normalisation; where ranks share a batch, batch normalisation takes its statistics over all of it.</summary>
internal static class BatchNormalization
{
    public static Tensor Apply(nn.Module<Tensor, Tensor> normalization, Tensor values, StepContext context) =>
        normalization is BatchNorm { training: true } batch && context.Share is { IsPart: true } ? Together(batch, ReducedPrecision.Full(values), context) : normalization.call(values);

    // The module's own arithmetic, [batch, channel, ...]: biased variance for the batch, unbiased for the running statistics.
    private static Tensor Together(BatchNorm batch, Tensor values, StepContext context)
    {
        long[] others = [0L, .. Enumerable.Range(2, (int)values.dim() - 2).Select(axis => (long)axis)];
        long[] channels = [1, -1, .. others[1..].Select(_ => 1L)];
        var count = (double)context.BatchRows(values) * values.shape[2..].Aggregate(1L, (product, size) => product * size);
        var mean = context.BatchSum(values.sum(others)) * HeldScalar.Of(1 / count); // [channel]
        var centred = values - mean.view(channels);
        var variance = context.BatchSum(centred.Squared().sum(others)) * HeldScalar.Of(1 / count);
        using (no_grad())
        {
            var (share, rest) = (HeldScalar.Of(batch.momentum!.Value), HeldScalar.Of(1 - batch.momentum.Value));
            batch.num_batches_tracked!.add_(ones_like(batch.num_batches_tracked));
            batch.running_mean!.mul_(rest).add_(mean.detach() * share);
            batch.running_var!.mul_(rest).add_(variance.detach() * HeldScalar.Of(count / (count - 1)) * share);
        }

        return (centred / (variance + HeldScalar.Of(batch.eps)).sqrt().view(channels) * batch.weight.view(channels)) + batch.bias!.view(channels);
    }
}
