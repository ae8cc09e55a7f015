using System.IO.Hashing;
using Hourglass.Bottlenecks;
using Hourglass.Collectives;
using Hourglass.Corruption;
using Hourglass.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Hourglass.Training;

/// <summary>What must hold before and while several ranks train one model.</summary>
internal static class RankAgreement
{
    /// <summary>Why a model cannot be trained by several ranks to the result of one; null when it can.</summary>
    public static string? Obstacle(AutoencoderOptions options, Device device) =>
        device.type != DeviceType.CPU ? "gradients on another device than the processor are not exchanged (--device cpu)"
        : options.Corruption is SwapCorruptionOptions ? "swap noise takes values from other samples of the batch, which other ranks hold"
        : options.Bottleneck is WassersteinOptions ? "a Wasserstein bottleneck compares all pairs of a batch"
        : options.Bottleneck is VectorQuantisedOptions ? "a learnt codebook restarts from samples of the whole batch"
        : options.Bottleneck is BatchTopKOptions ? "BatchTopK ranks the activations of the whole batch"
        : options.Bottleneck is GaussianOptions { TotalCorrelation: not 1 } ? "a total-correlation penalty compares all pairs of a batch"
        : options is { Regularization: { Contractive: > 0 } or { DecoderGradient: > 0 }, Network.Normalization: Normalization.Batch } ? "a Jacobian penalty through batch normalisation needs second derivatives across ranks"
        : null;

    /// <summary>Refuses ranks whose weights are not the same to the bit: different processors or libraries, whose rounding would pull the models apart.</summary>
    /// <exception cref="HourglassException">They differ.</exception>
    public static void RequireSameWeights(ICollective ranks, FlatParameters parameters)
    {
        if (ranks.Size == 1)
        {
            return;
        }

        var hashes = ranks.Gather(XxHash3.Hash(parameters.Values.bytes));
        if (Array.FindIndex(hashes, hash => !hash.AsSpan().SequenceEqual(hashes[0])) is var other and >= 0)
        {
            throw new HourglassException($"The weights of rank {other} are no longer those of rank 0: their processors or libraries round differently. Run all ranks on one kind of machine.");
        }
    }
}
