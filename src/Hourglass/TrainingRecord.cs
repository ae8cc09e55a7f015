using Hourglass.Data;
using Hourglass.Evaluation;
using Hourglass.Training;

namespace Hourglass;

/// <summary>How a model came to be: training.json in the bundle.</summary>
/// <param name="Data">What was read.</param>
/// <param name="TrainingSamples">Samples that trained.</param>
/// <param name="ValidationSamples">Samples that were held out.</param>
/// <param name="History">Epochs.</param>
/// <param name="Objective">The objective per value on the held-out samples.</param>
/// <param name="Comparison">Beside PCA on the held-out samples.</param>
/// <param name="Versions">What it was made with.</param>
/// <param name="Started">When training began, UTC.</param>
public sealed record TrainingRecord(
    DataDescription Data, int TrainingSamples, int ValidationSamples, TrainingHistory History, double Objective, PcaComparison? Comparison, EngineVersions Versions, DateTimeOffset Started)
{
    /// <summary>The model's squared error per value on the held-out samples.</summary>
    public double SquaredError { get; init; }

    /// <summary>Mean over the held-out samples of |x - r|^2 / |x|^2; null in files of older versions.</summary>
    public double? NormalizedSquaredError { get; init; }

    /// <summary>Named figures of the latents on the held-out samples: active units, L0, dead share, perplexity.</summary>
    public IReadOnlyDictionary<string, double> Latents { get; init; } = new Dictionary<string, double>(StringComparer.Ordinal);
}

/// <summary>What a model was made with.</summary>
/// <param name="Hourglass">This library.</param>
/// <param name="TorchSharp">The binding.</param>
/// <param name="LibTorch">The engine.</param>
/// <param name="DotNet">The runtime.</param>
/// <param name="OperatingSystem">The system.</param>
public sealed record EngineVersions(string Hourglass, string TorchSharp, string LibTorch, string DotNet, string OperatingSystem)
{
    /// <summary>Those of this process.</summary>
    public static EngineVersions Current { get; } = new(
        Version(typeof(Autoencoder)), Version(typeof(TorchSharp.torch)), "2.10.0", Environment.Version.ToString(), System.Runtime.InteropServices.RuntimeInformation.OSDescription);

    private static string Version(Type type) => type.Assembly.GetName().Version?.ToString(3) ?? "";
}
