using Hourglass.Bottlenecks;
using Hourglass.Corruption;
using Hourglass.Kernels;
using Hourglass.Networks;
using Hourglass.Networks.Dense;
using Hourglass.Objectives;

namespace Hourglass.Training.Steps;

/// <summary>A penalty on the Jacobian of a run of layers.</summary>
/// <param name="First">First of the layers.</param>
/// <param name="Last">Last of them.</param>
/// <param name="Weight">Of the squared norm, for each sample.</param>
/// <param name="Directions">Along which the norm is taken: drawn signs, or each output in turn; 0 where one map's exact norm has a closed form.</param>
/// <param name="IsExact">Whether no directions are drawn.</param>
/// <param name="IsMerged">Whether the batch's own pass is the one whose Jacobian is taken: the encoder sees no noise.</param>
/// <param name="LastActivation">Follows the last map.</param>
internal sealed record JacobianPlan(int First, int Last, double Weight, int Directions, bool IsExact, bool IsMerged, DenseActivation LastActivation)
{
    private const int MostExact = 64; // latents whose directions all stand in memory at once

    /// <summary>What one direction counts for.</summary>
    public double DirectionWeight => IsExact ? Weight : Weight / Directions;

    /// <summary>Runs of rows that biases' gradients are made of: the batch's own, and those of a pass without noise.</summary>
    public int BiasBlocks => IsMerged ? 1 : 2;

    /// <summary>Runs of rows that weights' gradients are made of: one more for each direction.</summary>
    public int Blocks => BiasBlocks + Directions;

    /// <summary>Why a model's Jacobian penalties are left to automatic differentiation; null when they are not.</summary>
    public static string? Obstacle(AutoencoderOptions options, DenseNetworkOptions network)
    {
        var (contractive, decoder) = (options.Regularization.Contractive > 0, options.Regularization.DecoderGradient > 0);
        return !contractive && !decoder ? null
            : network.Normalization != Normalization.None ? "a Jacobian penalty through normalisation"
            : options.Bottleneck is not (DeterministicOptions or GaussianOptions) ? "a Jacobian penalty of a dictionary"
            : contractive && options.Regularization.ContractiveProbes is null && network.Hidden.Count > 0 && options.LatentSize > MostExact ? $"the exact Jacobian of more than {MostExact} latents through several maps"
            : decoder && options.Objective is not (SquaredErrorOptions or HuberOptions or GaussianLikelihoodOptions or BinaryCrossEntropyOptions) ? "a decoder's gradient under this objective"
            : null;
    }

    /// <summary>The encoder's penalty; null without one.</summary>
    public static JacobianPlan? OfEncoder(AutoencoderOptions options, IReadOnlyList<FusedLayer> layers, int latentLayer)
    {
        var (network, regularization) = ((DenseNetworkOptions)options.Network!, options.Regularization);
        var (isExact, outputs) = (regularization.ContractiveProbes is null, layers[latentLayer].Outputs);
        var directions = regularization.ContractiveProbes ?? (latentLayer == 0 ? 0 : outputs);
        var isMerged = network is { Dropout: 0, InputDropout: 0 } && options is { Corruption: NoCorruptionOptions, Objective: not BinaryCrossEntropyOptions { Binarization: not Binarization.None } };
        return regularization.Contractive > 0 ? new JacobianPlan(0, latentLayer, regularization.Contractive, directions, isExact, isMerged, layers[latentLayer].Activation) : null;
    }

    /// <summary>The decoder's penalty, along one direction; null without one. What it owes to the latents is not handed on to the encoder, so that it has a pass of its own.</summary>
    public static JacobianPlan? OfDecoder(AutoencoderOptions options, IReadOnlyList<FusedLayer> layers, int latentLayer) => options.Regularization.DecoderGradient > 0
        ? new JacobianPlan(latentLayer + 1, layers.Count - 1, options.Regularization.DecoderGradient, 1, false, false, options.Objective is BinaryCrossEntropyOptions ? DenseActivation.Sigmoid : layers[^1].Activation)
        : null;
}
