using System.CommandLine;
using System.Text.Json;
using Hourglass.Bottlenecks;
using Hourglass.Bundles;
using Hourglass.Corruption;
using Hourglass.Networks;
using Hourglass.Objectives;
using Hourglass.Recipes;

namespace Hourglass.Cli.Options;

/// <summary>The options record's words as flags: a recipe or a file is the start, flags change it.</summary>
internal sealed class ModelFlags
{
    private readonly Option<string?> _recipe = new("--recipe") { Description = "Named options: " + string.Join(", ", RecipeBook.All.Select(recipe => recipe.Name)) + "." };
    private readonly Option<string?> _file = new("--options") { Description = "A JSON file of options (docs/model.schema.json)." };
    private readonly Option<int?> _latent = new("--latent") { Description = "Length of the latent vector." };
    private readonly Option<double?> _l1 = new("--l1") { Description = "Weight of the sum of absolute weights." };
    private readonly Option<double?> _l2 = new("--l2") { Description = "Weight of half the sum of squared weights." };
    private readonly Option<double?> _contractive = new("--contractive") { Description = "Weight of the encoder's squared Jacobian norm." };
    private readonly Option<int?> _probes = new("--contractive-probes") { Description = "Random directions that estimate that norm (1); 0 for the exact norm." };
    private readonly Option<double?> _decoderGradient = new("--decoder-gradient") { Description = "Weight of the decoder's squared Jacobian norm." };
    private readonly Option<bool?> _unitNorm = new("--unit-norm") { Description = "Whether the dictionary's directions keep unit norm; true for sparse bottlenecks.", Arity = ArgumentArity.ZeroOrOne };
    private readonly TrainingFlags _training = new();

    private readonly SlotFlags<NetworkOptions> _network = new(
        "network",
        ("hidden", "Hidden", "dense: widths of the hidden layers, for instance 128,64; 'none' for a linear map."),
        ("decoder-hidden", "DecoderHidden", "dense: widths of the decoder's hidden layers; mirrored when left out."),
        ("tied-weights", "TiedWeights", "dense: the decoder uses the encoder's weights, transposed."),
        ("channels", "Channels", "convolutional, temporal, u-shaped: channels of the layers, for instance 32,64."),
        ("decoder-channels", "DecoderChannels", "convolutional: channels of the decoder's layers; mirrored when left out."),
        ("kernel-size", "KernelSize", "convolutional, temporal: width of the kernels, odd."),
        ("stride", "Stride", "convolutional, temporal: how much each layer shrinks."),
        ("upsampling", "Upsampling", "convolutional: transposed or resize."),
        ("blocks", "Blocks", "convolutional, u-shaped: residual blocks in each layer."),
        ("attention", "Attention", "convolutional: the smallest picture's places attend to one another."),
        ("dilated", "Dilated", "temporal: kernels spread instead of shortening."),
        ("causal", "Causal", "temporal: a step sees only earlier ones."),
        ("cell", "Cell", "recurrent: gru or lstm."),
        ("width", "Width", "recurrent: values in a state; transformer: values of a token."),
        ("frame", "Frame", "recurrent: steps read and written at once; long series learn faster in frames."),
        ("layers", "Layers", "recurrent, transformer: layers."),
        ("decoder-layers", "DecoderLayers", "transformer: layers of the decoder."),
        ("bidirectional", "Bidirectional", "recurrent: the encoder also reads from the end."),
        ("feedback", "Feedback", "recurrent: the decoder is fed the step before."),
        ("teacher-forcing", "TeacherForcing", "recurrent: share of steps fed the truth at the start."),
        ("teacher-forcing-epochs", "TeacherForcingEpochs", "recurrent: epochs over which that share falls to 0."),
        ("patch", "Patch", "transformer: side of a patch, or steps in a run."),
        ("heads", "Heads", "transformer: heads of attention."),
        ("hidden-share", "HiddenShare", "transformer: share of patches hidden from the encoder (0.75 for a masked autoencoder)."),
        ("pooling", "Pooling", "transformer: mean, or none for an open bottleneck."),
        ("fold", "Fold", "u-shaped: side of the squares of pixels folded into channels."),
        ("activation", "Activation", "relu, sigmoid, tanh, leaky-relu, elu, gelu, silu, softplus or linear."),
        ("output-activation", "OutputActivation", "After the last layer; linear by default."),
        ("normalization", "Normalization", "none, batch or layer."),
        ("dropout", "Dropout", "Share of hidden values dropped in training."),
        ("input-dropout", "InputDropout", "Share of input values dropped in training."));

    private readonly SlotFlags<BottleneckOptions> _bottleneck = new(
        "bottleneck",
        ("latent-activation", "Activation", "deterministic: follows the map to the latents."),
        ("latent-l1", "L1", "deterministic, gated: weight of the sum of absolute latents."),
        ("latent-l2", "L2", "deterministic: weight of half the sum of squared latents (RAE)."),
        ("kl-rho", "KlRho", "deterministic: weight of the KL-rho sparsity penalty."),
        ("rho", "Rho", "deterministic: mean activation wished for."),
        ("beta", "Beta", "gaussian: weight of the divergence."),
        ("annealing-epochs", "AnnealingEpochs", "gaussian: epochs over which beta grows from 0; binary: over which the slope grows."),
        ("free-bits", "FreeBits", "gaussian: nats that each latent has for free."),
        ("total-correlation", "TotalCorrelation", "gaussian: weight of the total correlation (beta-TC-VAE)."),
        ("draws", "Draws", "gaussian: draws a sample; above 1, the importance-weighted bound (IWAE)."),
        ("doubly-reparameterized", "DoublyReparameterized", "gaussian: whether draws use the doubly reparameterised gradient."),
        ("prior", "Prior", "gaussian: standard, mixture[:N], vamp[:N] or flow[:LAYERS]."),
        ("active", "Active", "top-k, batch-top-k: latents that fire for a sample."),
        ("dead-after", "DeadAfter", "sparse kinds: silent samples after which a unit is dead."),
        ("revival-weight", "RevivalWeight", "sparse kinds: weight of the dead units' prediction (AuxK)."),
        ("revived-units", "RevivedUnits", "sparse kinds: dead units that fire in it."),
        ("l0", "L0", "jump-relu: cost of a latent that fires."),
        ("target-l0", "Target", "jump-relu: latents wished for per sample."),
        ("bandwidth", "Bandwidth", "jump-relu: window in which a threshold learns."),
        ("threshold", "Threshold", "jump-relu: thresholds at the start."),
        ("codebook-size", "CodebookSize", "vector-quantised: vectors in the codebook."),
        ("code-size", "CodeSize", "vector-quantised: latents in one code."),
        ("commitment", "Commitment", "vector-quantised: weight of the distance to the code."),
        ("levels", "Levels", "finite-scalar: levels of each latent."),
        ("binary-gradient", "Gradient", "binary: straight-through or annealed."),
        ("balance", "Balance", "binary: weight of the bits' imbalance."),
        ("decorrelation", "Decorrelation", "binary: weight of the bits' correlation."),
        ("latent-weight", "Weight", "adversarial, wasserstein: weight of the pull towards the prior."),
        ("discriminator-hidden", "DiscriminatorHidden", "adversarial: widths of the discriminator's layers."));

    private readonly SlotFlags<ObjectiveOptions> _objective = new(
        "objective",
        ("binarize", "Binarization", "binary-cross-entropy: none, dynamic or threshold."),
        ("per-value-variance", "PerValue", "gaussian-likelihood: a variance for each value."),
        ("scales", "Scales", "structural-similarity: 1 for SSIM, more for MS-SSIM."),
        ("absolute", "Absolute", "structural-similarity: share of the absolute difference."),
        ("label-smoothing", "LabelSmoothing", "token-cross-entropy: probability spread over the vocabulary."),
        ("perceptual", "Perceptual", "Any: weight of the distance in the encoder's own features."),
        ("rule", "Rule", "adversarial: non-saturating or wasserstein."),
        ("contest-weight", "Weight", "adversarial: weight of the generator's side."),
        ("reconstruction-weight", "Reconstruction", "adversarial: weight of the distance; 0 for a plain GAN."),
        ("similarity", "Similarity", "adversarial: weight of the distance in the discriminator's features."),
        ("gradient-penalty", "GradientPenalty", "adversarial: weight of the discriminator's gradient penalty."));

    private readonly SlotFlags<CorruptionOptions> _corruption = new("corruption");

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _recipe, _file, _latent }.Concat(_network.Options).Concat(_bottleneck.Options).Concat(_objective.Options).Concat(_corruption.Options)
            .Concat([_l1, _l2, _contractive, _probes, _decoderGradient, _unitNorm]))
        {
            command.Options.Add(option);
        }

        _training.AddTo(command);
    }

    /// <summary>The options that the flags make.</summary>
    public AutoencoderOptions Read(ParseResult parse, AutoencoderOptions? unsaid = null)
    {
        var start = parse.GetValue(_file) is { } file ? ReadFile(file) : parse.GetValue(_recipe) is { } recipe ? RecipeBook.Find(recipe) : unsaid ?? new AutoencoderOptions();
        var regularization = start.Regularization;
        return start with
        {
            LatentSize = parse.GetValue(_latent) ?? start.LatentSize,
            Network = _network.Read(parse, start.Network),
            Bottleneck = _bottleneck.Read(parse, start.Bottleneck)!,
            Objective = _objective.Read(parse, start.Objective),
            Corruption = _corruption.Read(parse, start.Corruption)!,
            Regularization = regularization with
            {
                L1 = parse.GetValue(_l1) ?? regularization.L1,
                L2 = parse.GetValue(_l2) ?? regularization.L2,
                Contractive = parse.GetValue(_contractive) ?? regularization.Contractive,
                ContractiveProbes = parse.GetValue(_probes) is { } probes ? (probes == 0 ? null : probes) : regularization.ContractiveProbes,
                DecoderGradient = parse.GetValue(_decoderGradient) ?? regularization.DecoderGradient,
                UnitNormDictionary = parse.GetResult(_unitNorm) is null ? regularization.UnitNormDictionary : parse.GetValue(_unitNorm) ?? true,
            },
            Training = _training.Read(parse, start.Training),
        };
    }

    /// <summary>One of an enum's words, in kebab case.</summary>
    public static T Word<T>(string text, string option)
        where T : struct, Enum
    {
        try
        {
            return JsonSerializer.Deserialize<T>(JsonSerializer.Serialize(text), BundleJson.Options);
        }
        catch (JsonException)
        {
            var words = Enum.GetValues<T>().Select(value => JsonSerializer.Serialize(value, BundleJson.Options).Trim('"'));
            throw new HourglassException($"{option} takes one of {string.Join(", ", words)}, got '{text}'.");
        }
    }

    private static AutoencoderOptions ReadFile(string path)
    {
        if (!File.Exists(path))
        {
            throw new HourglassException($"--options: there is no file {path}.");
        }

        var options = BundleJson.Deserialize<AutoencoderOptions>(File.ReadAllText(path), path);
        return options with { Input = null };
    }
}
