using Hourglass.Bottlenecks;
using Hourglass.Bottlenecks.Priors;
using Hourglass.Corruption;
using Hourglass.Kernels;
using Hourglass.Networks;
using Hourglass.Networks.Convolutional;
using Hourglass.Networks.Dense;
using Hourglass.Objectives;

namespace Hourglass.Training.Steps;

/// <summary>A model as the fused step sees it: linear maps and convolutions one after another.</summary>
/// <param name="Layers">In order: the encoder's, the bottleneck's map to latents (means), the decoder's.</param>
/// <param name="LogVariance">A Gaussian bottleneck's second map; null for others.</param>
/// <param name="LatentLayer">Which of the layers makes latents.</param>
internal sealed record FusedPlan(IReadOnlyList<FusedLayer> Layers, FusedLayer? LogVariance, int LatentLayer)
{
    /// <summary>All maps, in an order of their own.</summary>
    public IEnumerable<FusedLayer> Maps => LogVariance is null ? Layers : Layers.Append(LogVariance);

    /// <summary>Log-variances that the objective learns: a bias to nothing; null for other objectives.</summary>
    public FusedLayer? Noise { get; private init; }

    /// <summary>All that is trained.</summary>
    public IEnumerable<FusedLayer> Trained => Maps.Concat(Normalizations.SelectMany(plan => new[] { plan.Gain, plan.Shift })).Concat(Noise is null ? [] : [Noise]);

    /// <summary>What stands between maps and their activations.</summary>
    public IReadOnlyList<NormalizationPlan> Normalizations { get; private init; } = [];

    /// <summary>Whether samples come as entries.</summary>
    public bool HasSparseInput { get; private init; }

    /// <summary>Whether silent units of a dictionary may be revived.</summary>
    public bool Revives { get; private init; }

    /// <summary>Latents drawn for each sample, each of which the decoder decodes.</summary>
    public int Draws { get; private init; } = 1;

    /// <summary>A penalty on the encoder's Jacobian; null without one.</summary>
    public JacobianPlan? Contraction { get; private init; }

    /// <summary>A penalty on the decoder's; null without one.</summary>
    public JacobianPlan? DecoderGradient { get; private init; }

    /// <summary>Runs of rows that a layer hands on: as many as the next one's products run over.</summary>
    public int BlocksAfter(FusedLayer layer) => Layers.TakeWhile(other => !ReferenceEquals(other, layer)).Count() is var place && place + 1 < Layers.Count ? Layers[place + 1].Blocks : 1;

    /// <summary>Why a model is left to automatic differentiation; null when the fused step takes it.</summary>
    public static string? Obstacle(AutoencoderOptions options) =>
        options.Network is not (DenseNetworkOptions or ConvolutionalNetworkOptions) ? "the network is neither dense nor convolutional"
        : options.Network is DenseNetworkOptions { TiedWeights: true } && options.Bottleneck is SparseOptions ? "the weights of a dictionary are tied"
        : options.Condition is not null ? "the model is conditional"
        : options.Input!.Vocabulary is not null ? "samples are tokens"
        : options.Training.Precision != Precision.Float32 ? "the fused step multiplies in float32"
        : options.Training.Augmentation != Augmentation.None ? "augmentation"
        : options.Regularization.UnitNormDictionary == true && options.Bottleneck is not TopKOptions ? "a unit-norm dictionary without top-k"
        : BottleneckObstacle(options.Bottleneck) ?? ObjectiveObstacle(options.Objective!, options.Network)
            ?? (options.Network is ConvolutionalNetworkOptions pictures ? ConvolutionPlan.Obstacle(options, pictures) : DenseObstacle(options, (DenseNetworkOptions)options.Network));

    /// <summary>Whether the first map may be given entries instead of full rows, where samples are mostly zero.</summary>
    public static bool TakesEntries(AutoencoderOptions options) =>
        options is { Network: DenseNetworkOptions { Hidden.Count: > 0, TiedWeights: false }, Corruption: NoCorruptionOptions, Regularization.Contractive: 0, Objective: not BinaryCrossEntropyOptions { Binarization: not Binarization.None }, Bottleneck: not SparseOptions { RevivalWeight: > 0 } };

    /// <summary>The plan of a model without <see cref="Obstacle"/>.</summary>
    /// <param name="options">The model.</param>
    /// <param name="isSparse">Whether samples come as entries.</param>
    public static FusedPlan Of(AutoencoderOptions options, bool isSparse = false)
    {
        var (layers, logVariance, latentLayer) = options.Network is ConvolutionalNetworkOptions pictures ? ConvolutionPlan.Layers(options, pictures) : DenseLayers(options);
        var plan = new FusedPlan(layers, logVariance, latentLayer)
        {
            HasSparseInput = isSparse,
            Revives = options.Bottleneck is SparseOptions { RevivalWeight: > 0 },
            Noise = options.Objective is GaussianLikelihoodOptions noise ? new FusedLayer("_objective._logVariance", 0, noise.PerValue ? options.Input!.Length : 1, DenseActivation.Linear, 0) { IsBiasOnly = true } : null,
        };
        if (options.Network is not DenseNetworkOptions)
        {
            return plan with { Normalizations = [.. Normalized(layers, options.Network!.Normalization)] };
        }

        var (contraction, gradient) = (JacobianPlan.OfEncoder(options, layers, latentLayer), JacobianPlan.OfDecoder(options, layers, latentLayer));
        Penalise(layers, contraction, gradient);
        var draws = options.Bottleneck is GaussianOptions { Draws: var several } ? several : 1;
        Repeat(layers, latentLayer + 1, draws);
        Arrange(layers, latentLayer, options, isSparse);
        return plan with { Normalizations = [.. Normalized(layers, options.Network.Normalization)], Draws = draws, Contraction = contraction, DecoderGradient = gradient };
    }

    /// <summary>The map to latents, or, of a Gaussian bottleneck, to their means.</summary>
    public static FusedLayer ToLatents(AutoencoderOptions options, int features) =>
        new(options.Bottleneck is GaussianOptions ? "_bottleneck._mean" : "_bottleneck._projection", features, options.LatentSize!.Value, options.Bottleneck is DeterministicOptions { Activation: var own } ? Kernel(own) : DenseActivation.Linear, 0);

    /// <summary>The kernels' word for an activation.</summary>
    public static DenseActivation Kernel(Activation activation) => Enum.Parse<DenseActivation>(activation.ToString());

    private static (List<FusedLayer> Layers, FusedLayer? LogVariance, int LatentLayer) DenseLayers(AutoencoderOptions options)
    {
        var network = (DenseNetworkOptions)options.Network!;
        var (layers, activation, size) = (new List<FusedLayer>(), Kernel(network.Activation), options.Input!.Length);
        void Add(string part, int outputs, DenseActivation function, double dropout, string? normalization = null)
        {
            layers.Add(new FusedLayer(part, size, outputs, function, dropout) { NormalizationName = normalization });
            size = outputs;
        }

        string? NameOf(string coder, int number) => network.Normalization == Normalization.None ? null : $"{coder}._normalizations.{number}";

        foreach (var width in network.Hidden)
        {
            Add($"_encoder._layers._linears.{layers.Count}", width, activation, network.Dropout, NameOf("_encoder._layers", layers.Count));
        }

        var logVariance = options.Bottleneck is GaussianOptions ? new FusedLayer("_bottleneck._logVariance", size, options.LatentSize!.Value, DenseActivation.Linear, 0) : null;
        layers.Add(ToLatents(options, size));
        size = layers[^1].Outputs;
        var latentLayer = layers.Count - 1;
        foreach (var width in network.DecoderHidden ?? [.. network.Hidden.Reverse()])
        {
            var number = layers.Count - latentLayer - 1;
            Add($"_decoder._layers._linears.{number}", width, activation, network.Dropout, NameOf(network.TiedWeights ? "_decoder" : "_decoder._layers", number));
        }

        Add("_decoder._output", options.Input.OutputLength, Kernel(network.OutputActivation), 0);
        return (layers, logVariance, latentLayer);
    }

    private static IEnumerable<NormalizationPlan> Normalized(List<FusedLayer> layers, Normalization kind) =>
        layers.Select((layer, place) => (layer, place)).Where(one => one.layer.NormalizationName is not null).Select(one => NormalizationPlan.Of(one.place, kind, one.layer.NormalizationName!, one.layer.RunLength));

    // Layers under a penalty have more rows.
    private static void Penalise(List<FusedLayer> layers, params JacobianPlan?[] penalties)
    {
        foreach (var penalty in penalties.OfType<JacobianPlan>())
        {
            for (var place = penalty.First; place <= penalty.Last; place++)
            {
                layers[place] = layers[place] with { Blocks = penalty.Blocks, OwnBlocks = penalty.Blocks, BiasBlocks = penalty.BiasBlocks, KeepsBack = true };
            }
        }
    }

    // A decoder of several draws has as many runs of rows.
    private static void Repeat(List<FusedLayer> layers, int from, int draws)
    {
        for (var place = from; place < layers.Count && draws > 1; place++)
        {
            layers[place] = layers[place] with { Blocks = draws, OwnBlocks = draws, BiasBlocks = draws };
        }
    }

    // How weights lie and whose they are.
    private static void Arrange(List<FusedLayer> layers, int latentLayer, AutoencoderOptions options, bool isSparse)
    {
        if (((DenseNetworkOptions)options.Network!).TiedWeights)
        {
            Tie(layers, latentLayer);
        }

        if (options.Bottleneck is SparseOptions)
        {
            layers[latentLayer] = layers[latentLayer] with { Layout = WeightLayout.RowsOfOutputs };
            layers[latentLayer + 1] = layers[latentLayer + 1] with { Layout = WeightLayout.RowsOfInputs, HasUnitRows = options.Regularization.UnitNormDictionary ?? true };
        }

        if (isSparse)
        {
            layers[0] = layers[0] with { Layout = WeightLayout.RowsOfInputs };
        }
    }

    // The decoder's maps are the encoder's in reverse order, each with a bias of its own.
    private static void Tie(List<FusedLayer> layers, int latentLayer)
    {
        for (var place = 0; place <= latentLayer; place++)
        {
            var mirrored = layers.Count - 1 - place;
            var blocks = Math.Max(layers[place].Blocks, layers[mirrored].Blocks);
            layers[place] = layers[place] with { IsShared = true, Blocks = blocks };
            layers[mirrored] = layers[mirrored] with { Blocks = blocks, Name = $"_decoder._biases.{mirrored - latentLayer - 1}", TiedTo = layers[place], IsBiasOnly = true };
        }
    }

    private static string? BottleneckObstacle(BottleneckOptions bottleneck) => bottleneck switch
    {
        DeterministicOptions or TopKOptions => null,
        GaussianOptions { Prior: not StandardPriorOptions } => "a learnt prior",
        GaussianOptions { TotalCorrelation: not 1 } => "a total-correlation penalty",
        GaussianOptions => null,
        _ => $"bottleneck {bottleneck.GetType().Name.Replace("Options", "", StringComparison.Ordinal)}",
    };

    private static string? DenseObstacle(AutoencoderOptions options, DenseNetworkOptions network) =>
        DrawsObstacle(options, network) ?? JacobianPlan.Obstacle(options, network) ?? RevivalObstacle(options, network);

    // They would need runs of rows of their own for what is learnt beside the maps.
    private static string? DrawsObstacle(AutoencoderOptions options, DenseNetworkOptions network) =>
        options.Bottleneck is not GaussianOptions { Draws: > 1 } ? null
        : network.Normalization != Normalization.None ? "several draws a sample through normalisation"
        : options.Regularization.DecoderGradient > 0 ? "several draws a sample under a Jacobian penalty of the decoder"
        : options.Objective is GaussianLikelihoodOptions ? "several draws a sample under a learnt noise"
        : null;

    // The prediction of the remaining error is then linear in the units.
    private static string? RevivalObstacle(AutoencoderOptions options, DenseNetworkOptions network) =>
        options.Bottleneck is not SparseOptions { RevivalWeight: > 0 } ? null
        : network is not { Hidden.Count: 0, DecoderHidden: null } and not { DecoderHidden.Count: 0 } || network.OutputActivation != Activation.Linear ? "revival of units through more than one linear map"
        : options.Objective is SquaredErrorOptions or HuberOptions or BinaryCrossEntropyOptions ? null
        : "revival of units under this objective";

    private static string? ObjectiveObstacle(ObjectiveOptions objective, NetworkOptions network) =>
        objective.Perceptual > 0 ? "a perceptual objective"
        : objective is SquaredErrorOptions or HuberOptions or GaussianLikelihoodOptions ? null
        : objective is BinaryCrossEntropyOptions or ContinuousBernoulliOptions or MixedOptions or MultinomialOptions && network.OutputActivation == Activation.Linear ? null
        : $"objective {objective.GetType().Name.Replace("Options", "", StringComparison.Ordinal)}";
}

/// <summary>A normalisation between a map and its activation.</summary>
/// <param name="Place">Which layer's.</param>
/// <param name="Kind">Over what.</param>
/// <param name="Name">Of its module.</param>
/// <param name="Gain">What scaled values are multiplied by: a bias to nothing.</param>
/// <param name="Shift">What is added: likewise.</param>
internal sealed record NormalizationPlan(int Place, Normalization Kind, string Name, FusedLayer Gain, FusedLayer Shift)
{
    public static NormalizationPlan Of(int place, Normalization kind, string name, int width) => new(place, kind, name, Learnt(name + ".weight", width), Learnt(name + ".bias", width));

    private static FusedLayer Learnt(string name, int width) => new(name, 0, width, DenseActivation.Linear, 0) { IsBiasOnly = true };
}
