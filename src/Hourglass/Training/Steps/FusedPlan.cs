using Hourglass.Bottlenecks;
using Hourglass.Bottlenecks.Priors;
using Hourglass.Kernels;
using Hourglass.Networks;
using Hourglass.Networks.Dense;
using Hourglass.Objectives;

namespace Hourglass.Training.Steps;

/// <summary>A dense model as the fused step sees it: linear maps one after another.</summary>
/// <param name="Layers">In order: the encoder's, the bottleneck's map to latents (means), the decoder's.</param>
/// <param name="LogVariance">A Gaussian bottleneck's second map; null for others.</param>
/// <param name="LatentLayer">Which of the layers makes latents.</param>
internal sealed record FusedPlan(IReadOnlyList<FusedLayer> Layers, FusedLayer? LogVariance, int LatentLayer)
{
    /// <summary>All maps, in an order of their own.</summary>
    public IEnumerable<FusedLayer> Maps => LogVariance is null ? Layers : Layers.Append(LogVariance);

    /// <summary>Why a model is left to automatic differentiation; null when the fused step takes it.</summary>
    public static string? Obstacle(AutoencoderOptions options) =>
        options.Network is not DenseNetworkOptions network ? "the network is not dense"
        : network.TiedWeights ? "weights are tied"
        : network.Normalization != Normalization.None ? $"{network.Normalization.ToString().ToLowerInvariant()} normalisation"
        : options.Condition is not null ? "the model is conditional"
        : options.Input!.Vocabulary is not null ? "samples are tokens"
        : options.Training.Precision != Precision.Float32 || options.Training.Augmentation != Augmentation.None ? "reduced precision or augmentation"
        : options.Regularization is { Contractive: > 0 } or { DecoderGradient: > 0 } ? "a Jacobian penalty"
        : options.Regularization.UnitNormDictionary == true ? "a unit-norm dictionary"
        : BottleneckObstacle(options.Bottleneck) ?? ObjectiveObstacle(options.Objective!, network);

    /// <summary>The plan of a model without <see cref="Obstacle"/>.</summary>
    public static FusedPlan Of(AutoencoderOptions options)
    {
        var network = (DenseNetworkOptions)options.Network!;
        var (layers, activation, size, latent) = (new List<FusedLayer>(), Kernel(network.Activation), options.Input!.Length, options.LatentSize!.Value);
        void Add(string name, int outputs, DenseActivation function, double dropout)
        {
            layers.Add(new FusedLayer(name, size, outputs, function, dropout));
            size = outputs;
        }

        foreach (var width in network.Hidden)
        {
            Add($"_encoder._layers._linears.{layers.Count}", width, activation, network.Dropout);
        }

        var isGaussian = options.Bottleneck is GaussianOptions;
        var logVariance = isGaussian ? new FusedLayer("_bottleneck._logVariance", size, latent, DenseActivation.Linear, 0) : null;
        Add(isGaussian ? "_bottleneck._mean" : "_bottleneck._projection", latent, options.Bottleneck is DeterministicOptions { Activation: var own } ? Kernel(own) : DenseActivation.Linear, 0);
        var latentLayer = layers.Count - 1;
        foreach (var width in network.DecoderHidden ?? [.. network.Hidden.Reverse()])
        {
            Add($"_decoder._layers._linears.{layers.Count - latentLayer - 1}", width, activation, network.Dropout);
        }

        Add("_decoder._output", options.Input.OutputLength, Kernel(network.OutputActivation), 0);
        return new FusedPlan(layers, logVariance, latentLayer);
    }

    private static string? BottleneckObstacle(BottleneckOptions bottleneck) => bottleneck switch
    {
        DeterministicOptions => null,
        GaussianOptions { Draws: > 1 } => "several draws a sample",
        GaussianOptions { Prior: not StandardPriorOptions } => "a learnt prior",
        GaussianOptions { TotalCorrelation: not 1 } => "a total-correlation penalty",
        GaussianOptions => null,
        _ => $"bottleneck {bottleneck.GetType().Name.Replace("Options", "", StringComparison.Ordinal)}",
    };

    private static string? ObjectiveObstacle(ObjectiveOptions objective, DenseNetworkOptions network) =>
        objective.Perceptual > 0 ? "a perceptual objective"
        : objective is SquaredErrorOptions or HuberOptions ? null
        : objective is BinaryCrossEntropyOptions or MixedOptions or MultinomialOptions && network.OutputActivation == Activation.Linear ? null
        : $"objective {objective.GetType().Name.Replace("Options", "", StringComparison.Ordinal)}";

    private static DenseActivation Kernel(Activation activation) => Enum.Parse<DenseActivation>(activation.ToString());
}

/// <summary>One linear map with what follows it.</summary>
/// <param name="Name">Of its module, before ".weight" and ".bias".</param>
/// <param name="Inputs">Values in.</param>
/// <param name="Outputs">Values out.</param>
/// <param name="Activation">Follows the map.</param>
/// <param name="Dropout">Share of its values dropped in training.</param>
internal sealed record FusedLayer(string Name, int Inputs, int Outputs, DenseActivation Activation, double Dropout)
{
    /// <summary>Whether the slope needs the values before the activation.</summary>
    public bool KeepsBefore => Activation is DenseActivation.Gelu or DenseActivation.Silu;

    /// <summary>Whether the activation of zero padding is not zero.</summary>
    public bool FillsPadding => Activation is DenseActivation.Sigmoid or DenseActivation.Softplus;
}
