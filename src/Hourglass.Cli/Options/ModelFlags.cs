using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Hourglass.Bottlenecks;
using Hourglass.Bundles;
using Hourglass.Corruption;
using Hourglass.Networks;
using Hourglass.Networks.Convolutional;
using Hourglass.Networks.Dense;
using Hourglass.Objectives;
using Hourglass.Recipes;

namespace Hourglass.Cli.Options;

/// <summary>The options record's words as flags: a recipe or a file is the start, flags change it.</summary>
internal sealed class ModelFlags
{
    private readonly Option<string?> _recipe = new("--recipe") { Description = "Named options: " + string.Join(", ", RecipeBook.All.Select(recipe => recipe.Name)) + "." };
    private readonly Option<string?> _file = new("--options") { Description = "A JSON file of options (docs/model.schema.json)." };
    private readonly Option<string?> _network = new("--network") { Description = "dense or convolutional." };
    private readonly Option<string?> _hidden = new("--hidden") { Description = "Dense: widths of the hidden layers, for instance 128,64; 'none' for a linear map." };
    private readonly Option<string?> _decoderHidden = new("--decoder-hidden") { Description = "Dense: widths of the decoder's hidden layers; mirrored when left out." };
    private readonly Option<bool> _tied = new("--tied-weights") { Description = "Dense: the decoder uses the encoder's weights, transposed." };
    private readonly Option<string?> _channels = new("--channels") { Description = "Convolutional: channels of the layers, for instance 32,64." };
    private readonly Option<int?> _kernel = new("--kernel-size") { Description = "Convolutional: width of the kernels, odd." };
    private readonly Option<string?> _upsampling = new("--upsampling") { Description = "Convolutional: transposed or resize." };
    private readonly Option<string?> _activation = new("--activation") { Description = "relu, sigmoid, tanh, leaky-relu, elu, gelu, silu, softplus or linear." };
    private readonly Option<string?> _outputActivation = new("--output-activation") { Description = "After the last layer; linear by default." };
    private readonly Option<string?> _normalization = new("--normalization") { Description = "none, batch or layer." };
    private readonly Option<double?> _dropout = new("--dropout") { Description = "Share of hidden values dropped in training." };
    private readonly Option<double?> _inputDropout = new("--input-dropout") { Description = "Share of input values dropped in training." };
    private readonly Option<int?> _latent = new("--latent") { Description = "Length of the latent vector." };
    private readonly Option<string?> _bottleneck = new("--bottleneck") { Description = "deterministic or gaussian (a VAE)." };
    private readonly Option<string?> _latentActivation = new("--latent-activation") { Description = "Deterministic: follows the map to the latents." };
    private readonly Option<double?> _latentL1 = new("--latent-l1") { Description = "Deterministic: weight of the sum of absolute latents." };
    private readonly Option<double?> _klRho = new("--kl-rho") { Description = "Deterministic: weight of the KL-rho sparsity penalty." };
    private readonly Option<double?> _rho = new("--rho") { Description = "Deterministic: mean activation wished for." };
    private readonly Option<double?> _beta = new("--beta") { Description = "Gaussian: weight of the divergence." };
    private readonly Option<double?> _annealing = new("--annealing-epochs") { Description = "Gaussian: epochs over which beta grows from 0." };
    private readonly Option<double?> _freeBits = new("--free-bits") { Description = "Gaussian: nats that each latent has for free." };
    private readonly Option<string?> _objective = new("--objective") { Description = "squared-error, binary-cross-entropy, huber[:DELTA] or mixed." };
    private readonly Option<string?> _corruption = new("--corruption") { Description = "none, gaussian:0.1, masking:0.3, salt-and-pepper:0.2 or swap:0.15." };
    private readonly Option<double?> _l1 = new("--l1") { Description = "Weight of the sum of absolute weights." };
    private readonly Option<double?> _l2 = new("--l2") { Description = "Weight of half the sum of squared weights." };
    private readonly Option<double?> _contractive = new("--contractive") { Description = "Weight of the encoder's squared Jacobian norm." };
    private readonly TrainingFlags _training = new();

    public void AddTo(Command command)
    {
        foreach (var option in new Option[]
        {
            _recipe, _file, _network, _hidden, _decoderHidden, _tied, _channels, _kernel, _upsampling, _activation, _outputActivation, _normalization, _dropout, _inputDropout, _latent,
            _bottleneck, _latentActivation, _latentL1, _klRho, _rho, _beta, _annealing, _freeBits, _objective, _corruption, _l1, _l2, _contractive,
        })
        {
            command.Options.Add(option);
        }

        _training.AddTo(command);
    }

    /// <summary>The options that the flags make.</summary>
    public AutoencoderOptions Read(ParseResult parse)
    {
        var start = parse.GetValue(_file) is { } file ? ReadFile(file) : parse.GetValue(_recipe) is { } recipe ? RecipeBook.Find(recipe) : new AutoencoderOptions();
        var regularization = start.Regularization;
        return start with
        {
            LatentSize = parse.GetValue(_latent) ?? start.LatentSize,
            Network = Network(parse, start.Network),
            Bottleneck = Bottleneck(parse, start.Bottleneck),
            Objective = parse.GetValue(_objective) is { } objective ? Objective(objective) : start.Objective,
            Corruption = parse.GetValue(_corruption) is { } corruption ? Corruption(corruption) : start.Corruption,
            Regularization = regularization with
            {
                L1 = parse.GetValue(_l1) ?? regularization.L1,
                L2 = parse.GetValue(_l2) ?? regularization.L2,
                Contractive = parse.GetValue(_contractive) ?? regularization.Contractive,
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

    private NetworkOptions? Network(ParseResult parse, NetworkOptions? start)
    {
        var (hidden, decoderHidden, channels) = (Widths(parse.GetValue(_hidden), "--hidden"), Widths(parse.GetValue(_decoderHidden), "--decoder-hidden"), Widths(parse.GetValue(_channels), "--channels"));
        var network = parse.GetValue(_network) switch
        {
            null => channels is not null ? start as ConvolutionalNetworkOptions ?? new ConvolutionalNetworkOptions() : hidden is not null || decoderHidden is not null || parse.GetValue(_tied) ? start ?? new DenseNetworkOptions() : start,
            "dense" => start as DenseNetworkOptions ?? (hidden is null && start is null ? null : new DenseNetworkOptions()),
            "convolutional" => start as ConvolutionalNetworkOptions ?? new ConvolutionalNetworkOptions(),
            var other => throw new HourglassException($"--network takes dense or convolutional, got '{other}'."),
        };
        if (network is null && new Option[] { _activation, _outputActivation, _normalization, _dropout, _inputDropout }.Any(option => parse.GetResult(option) is not null))
        {
            network = new DenseNetworkOptions();
        }

        network = network switch
        {
            DenseNetworkOptions dense => dense with { Hidden = hidden ?? dense.Hidden, DecoderHidden = decoderHidden ?? dense.DecoderHidden, TiedWeights = parse.GetValue(_tied) || dense.TiedWeights },
            ConvolutionalNetworkOptions convolutional when hidden is not null => throw new HourglassException($"--hidden is for dense networks; {convolutional.GetType().Name[..13].ToLowerInvariant()} ones take --channels."),
            ConvolutionalNetworkOptions convolutional => convolutional with
            {
                Channels = channels ?? convolutional.Channels,
                KernelSize = parse.GetValue(_kernel) ?? convolutional.KernelSize,
                Upsampling = parse.GetValue(_upsampling) is { } upsampling ? Word<Upsampling>(upsampling, "--upsampling") : convolutional.Upsampling,
            },
            _ => network,
        };
        return network is null ? null : network with
        {
            Activation = parse.GetValue(_activation) is { } activation ? Word<Activation>(activation, "--activation") : network.Activation,
            OutputActivation = parse.GetValue(_outputActivation) is { } output ? Word<Activation>(output, "--output-activation") : network.OutputActivation,
            Normalization = parse.GetValue(_normalization) is { } normalization ? Word<Normalization>(normalization, "--normalization") : network.Normalization,
            Dropout = parse.GetValue(_dropout) ?? network.Dropout,
            InputDropout = parse.GetValue(_inputDropout) ?? network.InputDropout,
        };
    }

    private BottleneckOptions Bottleneck(ParseResult parse, BottleneckOptions start)
    {
        BottleneckOptions bottleneck = parse.GetValue(_bottleneck) switch
        {
            null => start,
            "deterministic" => start as DeterministicOptions ?? new DeterministicOptions(),
            "gaussian" => start as GaussianOptions ?? new GaussianOptions(),
            var other => throw new HourglassException($"--bottleneck takes deterministic or gaussian, got '{other}'."),
        };
        var odd = (bottleneck is GaussianOptions ? new Option[] { _latentActivation, _latentL1, _klRho, _rho } : [_beta, _annealing, _freeBits]).FirstOrDefault(option => parse.GetResult(option) is not null);
        return odd is not null
            ? throw new HourglassException($"{odd.Name} does not belong to a {(bottleneck is GaussianOptions ? "gaussian" : "deterministic")} bottleneck. Leave it out, or choose the other with --bottleneck.")
            : bottleneck switch
            {
                DeterministicOptions plain => plain with
                {
                    Activation = parse.GetValue(_latentActivation) is { } activation ? Word<Activation>(activation, "--latent-activation") : plain.Activation,
                    L1 = parse.GetValue(_latentL1) ?? plain.L1,
                    KlRho = parse.GetValue(_klRho) ?? plain.KlRho,
                    Rho = parse.GetValue(_rho) ?? plain.Rho,
                },
                GaussianOptions gaussian => gaussian with
                {
                    Beta = parse.GetValue(_beta) ?? gaussian.Beta,
                    AnnealingEpochs = parse.GetValue(_annealing) ?? gaussian.AnnealingEpochs,
                    FreeBits = parse.GetValue(_freeBits) ?? gaussian.FreeBits,
                },
                _ => bottleneck,
            };
    }

    private static ObjectiveOptions Objective(string text) => Split(text, "--objective") switch
    {
        ("squared-error", null) => new SquaredErrorOptions(),
        ("binary-cross-entropy", null) => new BinaryCrossEntropyOptions(),
        ("huber", var delta) => new HuberOptions { Delta = delta ?? 1 },
        ("mixed", null) => new MixedOptions(),
        _ => throw new HourglassException($"--objective takes squared-error, binary-cross-entropy, huber[:DELTA] or mixed, got '{text}'."),
    };

    private static CorruptionOptions Corruption(string text) => Split(text, "--corruption") switch
    {
        ("none", null) => new NoCorruptionOptions(),
        ("gaussian", var deviation) => new GaussianCorruptionOptions { StandardDeviation = deviation ?? 0.1 },
        ("masking", var share) => new MaskingCorruptionOptions { Share = share ?? 0.3 },
        ("salt-and-pepper", var share) => new SaltAndPepperCorruptionOptions { Share = share ?? 0.2 },
        ("swap", var share) => new SwapCorruptionOptions { Share = share ?? 0.15 },
        _ => throw new HourglassException($"--corruption takes none, gaussian:0.1, masking:0.3, salt-and-pepper:0.2 or swap:0.15, got '{text}'."),
    };

    private static (string Kind, double? Amount) Split(string text, string option)
    {
        var place = text.IndexOf(':', StringComparison.Ordinal);
        return place < 0 ? (text, null)
            : double.TryParse(text.AsSpan(place + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out var amount) ? (text[..place], amount)
            : throw new HourglassException($"{option}: '{text[(place + 1)..]}' after the colon is no number.");
    }

    private static int[]? Widths(string? text, string option) => text switch
    {
        null => null,
        "none" or "" => [],
        _ => [.. text.Split(',', StringSplitOptions.TrimEntries).Select(width => int.TryParse(width, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new HourglassException($"{option} takes whole numbers separated by commas, for instance 128,64, got '{text}'."))],
    };
}
