using System.Text.Json;
using Hourglass.Kernels;
using Hourglass.Preprocessing;

namespace Hourglass.Scoring;

/// <summary>What model.json says of a dense or convolutional model, as far as evaluation needs it.</summary>
/// <remarks>Defaults live in the options records of the library alone: a bundle names every member, and one that does not, or that
/// names a member unknown here, is left to the training engine.</remarks>
internal sealed record KernelLayout
{
    private const int MaximumWidth = 1 << 20;
    private const int MaximumDepth = 64;

    /// <summary>Values in a sample.</summary>
    public required int SampleLength { get; init; }

    /// <summary>Values in a latent.</summary>
    public required int LatentSize { get; init; }

    /// <summary>Classes of a conditional model, which are unknown in scoring: their inputs are 0.</summary>
    public required int Classes { get; init; }

    /// <summary>The convolutions; null for a dense model.</summary>
    public PictureLayers? Pictures { get; init; }

    /// <summary>Widths of a dense encoder's hidden layers.</summary>
    public IReadOnlyList<int> Hidden { get; init; } = [];

    /// <summary>Widths of a dense decoder's hidden layers.</summary>
    public IReadOnlyList<int> DecoderHidden { get; init; } = [];

    /// <summary>Whether the decoder runs the encoder's maps backwards.</summary>
    public bool TiedWeights { get; init; }

    /// <summary>Follows each hidden layer.</summary>
    public required DenseActivation Activation { get; init; }

    /// <summary>Follows the decoder's last layer.</summary>
    public required DenseActivation OutputActivation { get; init; }

    /// <summary>"none", "batch" or "layer".</summary>
    public required string Normalization { get; init; }

    /// <summary>The bottleneck's kind.</summary>
    public required string Bottleneck { get; init; }

    /// <summary>Follows the map to the latents.</summary>
    public required DenseActivation LatentActivation { get; init; }

    /// <summary>Latents that fire, for top-k.</summary>
    public required int Active { get; init; }

    /// <summary>From the decoder's output to the expected sample, run after run of values.</summary>
    public required IReadOnlyList<OutputRun> Output { get; init; }

    /// <summary>Reads model.json.</summary>
    /// <param name="model">The text.</param>
    /// <param name="obstacle">Why the kernels do not run such a model; null when they do.</param>
    /// <returns>The layout; null with an obstacle.</returns>
    public static KernelLayout? Read(string model, out string? obstacle)
    {
        try
        {
            using var document = JsonDocument.Parse(model, new JsonDocumentOptions { MaxDepth = 32, AllowDuplicateProperties = false });
            var options = document.RootElement.GetProperty("options");
            obstacle = KernelLayoutLimits.Obstacle(options);
            var layout = obstacle is null ? Of(options) : null;
            obstacle ??= layout!.Pictures?.Obstacle(layout.LatentSize);
            return obstacle is null ? layout : null;
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            obstacle = $"model.json is not what the kernels read: {fault.Message.ReplaceLineEndings(" ")}";
            return null;
        }
    }

    private static KernelLayout Of(JsonElement options)
    {
        var (input, network, bottleneck, condition) = (options.GetProperty("input"), options.GetProperty("network"), options.GetProperty("bottleneck"), options.GetProperty("condition"));
        int[] shape = [.. input.GetProperty("shape").EnumerateArray().Select(Width)];
        var length = shape.Aggregate(1, (product, size) => (int)Math.Min((long)product * size, MaximumWidth + 1L));
        var kind = bottleneck.GetProperty("kind").GetString()!;
        var layout = new KernelLayout
        {
            SampleLength = length <= MaximumWidth ? length : throw new FormatException($"samples have more than {MaximumWidth} values."),
            LatentSize = Width(options.GetProperty("latentSize")),
            Classes = condition.ValueKind == JsonValueKind.Null ? 0 : condition.GetProperty("classes").GetArrayLength(),
            Activation = Function(network.GetProperty("activation")),
            OutputActivation = Function(network.GetProperty("outputActivation")),
            Normalization = network.GetProperty("normalization").GetString()!,
            Bottleneck = kind,
            LatentActivation = kind == "deterministic" ? Function(bottleneck.GetProperty("activation")) : DenseActivation.Linear,
            Active = kind == "top-k" ? Width(bottleneck.GetProperty("active")) : 0,
            Output = OutputRun.Of(options.GetProperty("objective").GetProperty("kind").GetString()!, input, length),
        };
        if (network.GetProperty("kind").GetString() == "convolutional")
        {
            return layout with { Pictures = PictureLayers.Of(network, shape, Widths) };
        }

        var (hidden, decoderHidden) = (Widths(network.GetProperty("hidden")), network.GetProperty("decoderHidden"));
        return layout with
        {
            Hidden = hidden,
            DecoderHidden = decoderHidden.ValueKind == JsonValueKind.Null ? [.. hidden.Reverse()] : Widths(decoderHidden),
            TiedWeights = network.GetProperty("tiedWeights").GetBoolean(),
        };
    }

    private static IReadOnlyList<int> Widths(JsonElement list) =>
        list.GetArrayLength() <= MaximumDepth ? [.. list.EnumerateArray().Select(Width)] : throw new FormatException($"more than {MaximumDepth} layers.");

    private static int Width(JsonElement number) => number.GetInt32() is var width and >= 1 and <= MaximumWidth ? width : throw new FormatException($"a size of {number.GetInt32()} is not from 1 to {MaximumWidth}.");

    // Words are kebab-case in files: leaky-relu.
    private static DenseActivation Function(JsonElement word) =>
        Enum.GetValues<DenseActivation>().Where(function => JsonNamingPolicy.KebabCaseLower.ConvertName(function.ToString()) == word.GetString()).Cast<DenseActivation?>().FirstOrDefault()
        ?? throw new FormatException($"an activation '{word.GetString()}' is unknown.");
}

/// <summary>How a run of the decoder's output becomes a run of the expected sample.</summary>
/// <param name="Rule">What is done.</param>
/// <param name="Start">First value.</param>
/// <param name="Length">How many.</param>
internal readonly record struct OutputRun(OutputRule Rule, int Start, int Length)
{
    /// <summary>The runs that an objective asks for.</summary>
    public static IReadOnlyList<OutputRun> Of(string objective, JsonElement input, int length) => objective switch
    {
        "binary-cross-entropy" => [new(OutputRule.Sigmoid, 0, length)],
        "continuous-bernoulli" => [new(OutputRule.ContinuousBernoulliMean, 0, length)],
        "multinomial" => [new(OutputRule.Softmax, 0, length)],
        "adversarial" when input.GetProperty("isUnitInterval").GetBoolean() => [new(OutputRule.Sigmoid, 0, length)],
        "mixed" => Mixed(input.GetProperty("blocks"), length),
        _ => [],
    };

    private static List<OutputRun> Mixed(JsonElement blocks, int length)
    {
        var (runs, next) = (new List<OutputRun>(), 0);
        foreach (var block in blocks.EnumerateArray())
        {
            var (start, count) = (block.GetProperty("start").GetInt32(), block.GetProperty("length").GetInt32());
            if (start != next || count < 1 || count > length - next)
            {
                throw new FormatException($"input.blocks must cover {length} values in order; one starts at {start} with length {count}, expected start {next}.");
            }

            next += count;
            var rule = Enum.Parse<FeatureBlockKind>(block.GetProperty("kind").GetString()!, ignoreCase: true) switch
            {
                FeatureBlockKind.Binary => OutputRule.Sigmoid,
                FeatureBlockKind.Categorical => OutputRule.Softmax,
                _ => OutputRule.None,
            };
            if (rule != OutputRule.None)
            {
                runs.Add(new OutputRun(rule, start, count));
            }
        }

        return next == length ? runs : throw new FormatException($"input.blocks must cover {length} values, got {next}.");
    }
}

/// <summary>From the decoder's output to the expected value.</summary>
internal enum OutputRule
{
    None,
    Sigmoid,
    Softmax,
    ContinuousBernoulliMean,
}
