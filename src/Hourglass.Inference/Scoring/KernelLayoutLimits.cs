using System.Text.Json;

namespace Hourglass.Scoring;

/// <summary>Which models the kernels run: kinds and members of model.json that are known here; an unknown one may change what evaluation means.</summary>
internal static class KernelLayoutLimits
{
    private static readonly string[] Model = ["input", "latentSize", "corruption", "network", "bottleneck", "condition", "objective", "regularization", "training"];
    private static readonly string[] Input = ["shape", "blocks", "isUnitInterval", "vocabulary"];
    private static readonly string[] AnyNetwork = ["kind", "activation", "outputActivation", "normalization", "dropout", "inputDropout"];
    private static readonly string[] Dense = [.. AnyNetwork, "hidden", "decoderHidden", "tiedWeights"];
    private static readonly string[] Convolutional = [.. AnyNetwork, "channels", "decoderChannels", "kernelSize", "stride", "blocks", "attention", "upsampling"];
    private static readonly string[] Sparse = ["kind", "deadAfter", "revivedUnits", "revivalWeight"];

    private static readonly Dictionary<string, string[]> Bottlenecks = new(StringComparer.Ordinal)
    {
        ["deterministic"] = ["kind", "activation", "l1", "l2", "klRho", "rho"],
        ["gaussian"] = ["kind", "hasPrior", "beta", "annealingEpochs", "freeBits", "totalCorrelation", "draws", "doublyReparameterized", "prior"],
        ["wasserstein"] = ["kind", "hasPrior", "weight"],
        ["adversarial"] = ["kind", "hasPrior", "weight", "discriminatorHidden", "gradientPenalty"],
        ["top-k"] = [.. Sparse, "active"],
        ["batch-top-k"] = [.. Sparse, "active"],
        ["jump-relu"] = [.. Sparse, "l0", "target", "bandwidth", "threshold"],
        ["gated"] = [.. Sparse, "l1"],
        ["open"] = ["kind"],
    };

    private static readonly string[] Objectives =
        ["squared-error", "huber", "gaussian-likelihood", "binary-cross-entropy", "continuous-bernoulli", "multinomial", "mixed", "structural-similarity", "adversarial"];

    /// <summary>Why the kernels do not run a model; null when they do.</summary>
    public static string? Obstacle(JsonElement options)
    {
        var (input, network, bottleneck) = (options.GetProperty("input"), options.GetProperty("network"), options.GetProperty("bottleneck"));
        var (family, kind, objective) = (Kind(network), Kind(bottleneck), Kind(options.GetProperty("objective")));
        return family is not ("dense" or "convolutional") ? $"the network is {family}, neither dense nor convolutional"
            : !Bottlenecks.TryGetValue(kind, out var members) ? $"bottleneck {kind} has no kernel"
            : !Objectives.Contains(objective, StringComparer.Ordinal) ? $"objective {objective} has no kernel"
            : input.GetProperty("vocabulary").ValueKind != JsonValueKind.Null ? "samples are tokens"
            : network.GetProperty("normalization").GetString() is not ("none" or "batch" or "layer") ? "the normalisation is unknown"
            : (family == "dense" ? DenseObstacle(options, network, kind) : PictureObstacle(network, kind))
                ?? Unknown("options", options, Model) ?? Unknown("input", input, Input) ?? Unknown("network", network, family == "dense" ? Dense : Convolutional) ?? Unknown("bottleneck", bottleneck, members);
    }

    private static string? DenseObstacle(JsonElement options, JsonElement network, string bottleneck) =>
        network.GetProperty("tiedWeights").GetBoolean() && options.GetProperty("condition").ValueKind != JsonValueKind.Null ? "a conditional model with tied weights"
        : bottleneck == "open" && network.GetProperty("hidden").GetArrayLength() == 0 ? "nothing encodes"
        : null;

    private static string? PictureObstacle(JsonElement network, string bottleneck) =>
        network.GetProperty("attention").GetBoolean() ? "attention has no kernel"
        : network.GetProperty("upsampling").GetString() is not ("transposed" or "resize") ? "the upsampling is unknown"
        : bottleneck == "open" ? "pictures are not bottled up"
        : null;

    private static string Kind(JsonElement slot) => slot.GetProperty("kind").GetString() ?? throw new FormatException("a kind is null.");

    private static string? Unknown(string slot, JsonElement given, string[] known) =>
        given.EnumerateObject().Select(member => member.Name).FirstOrDefault(name => !known.Contains(name, StringComparer.Ordinal)) is { } other ? $"{slot}.{other} is unknown here" : null;
}
