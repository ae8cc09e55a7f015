using Hourglass.Training;

namespace Hourglass.Cli.Commands;

/// <summary>What train prints with --json.</summary>
/// <param name="Samples">Samples read.</param>
/// <param name="Objective">The objective per value on the held-out samples.</param>
/// <param name="SquaredError">Squared error per value, in model-input units.</param>
/// <param name="NormalizedSquaredError">Mean over samples of |x - r|^2 / |x|^2.</param>
/// <param name="Pca">PCA on the same samples; null without a bottleneck.</param>
/// <param name="Verdict">"autoencoder" or "pca".</param>
/// <param name="Advice">A sentence.</param>
/// <param name="Difference">Autoencoder minus PCA with a 95 % interval.</param>
/// <param name="Latents">Named figures of the latents: activeUnits, l0, deadShare, perplexity.</param>
/// <param name="Model">Path of the bundle.</param>
/// <param name="Report">Path of the report; null for none.</param>
/// <param name="Epochs">Epochs run.</param>
/// <param name="BestEpoch">The epoch kept.</param>
/// <param name="StopReason">Why training ended.</param>
/// <param name="Seconds">Training time.</param>
/// <param name="SamplesPerSecond">Training speed.</param>
/// <param name="Engine">What computed the steps.</param>
/// <param name="Profile">Where the time went, in seconds; null without --profile.</param>
internal sealed record TrainResult(
    long Samples, double Objective, double SquaredError, double? NormalizedSquaredError, PcaResult? Pca, string? Verdict, string? Advice, IntervalResult? Difference, IReadOnlyDictionary<string, double> Latents, string Model, string? Report, int Epochs, int BestEpoch,
    StopReason StopReason, double Seconds, double SamplesPerSecond, string? Engine, TrainingProfile? Profile);

/// <summary>What evaluate prints with --json.</summary>
/// <param name="Samples">Samples measured.</param>
/// <param name="Objective">The objective per value.</param>
/// <param name="SquaredError">Squared error per value, in model-input units.</param>
/// <param name="NormalizedSquaredError">Mean over samples of |x - r|^2 / |x|^2.</param>
/// <param name="Pca">PCA on the same samples; null without a bottleneck.</param>
/// <param name="Verdict">"autoencoder" or "pca".</param>
/// <param name="Advice">A sentence.</param>
/// <param name="Difference">Autoencoder minus PCA with a 95 % interval.</param>
/// <param name="Latents">Named figures of the latents.</param>
/// <param name="NegativeLogLikelihood">In nats per sample, by importance sampling; null when not asked for.</param>
/// <param name="ImportanceSamples">Draws a sample behind it.</param>
internal sealed record EvaluateResult(
    long Samples, double Objective, double SquaredError, double NormalizedSquaredError, PcaResult? Pca, string? Verdict, string? Advice, IntervalResult? Difference,
    IReadOnlyDictionary<string, double> Latents, double? NegativeLogLikelihood, int? ImportanceSamples);

/// <summary>Words for results that several commands print.</summary>
internal static class Results
{
    /// <summary>Figures of the latents in one line, with a warning where the bottleneck has collapsed; null for none.</summary>
    public static string? Latents(IReadOnlyDictionary<string, double> figures)
    {
        if (figures.Count == 0)
        {
            return null;
        }

        var line = "Latents: " + string.Join(", ", figures.Select(figure => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Words(figure.Key)} {figure.Value:0.####}"))) + ".";
        return figures.GetValueOrDefault("activeUnits", 1) == 0
            ? line + " Posterior collapse: no latent tells samples apart. Use a smaller --beta, --annealing-epochs or --free-bits."
            : line;
    }

    private static string Words(string name) => string.Concat(name.Select(letter => char.IsUpper(letter) ? $" {char.ToLowerInvariant(letter)}" : letter.ToString()));
}

/// <summary>PCA's part of a result.</summary>
internal sealed record PcaResult(double SquaredError, int Components);

/// <summary>A difference with its 95 % interval.</summary>
internal sealed record IntervalResult(double Mean, double Low, double High);

/// <summary>What commands print that write a file.</summary>
/// <param name="Samples">Samples written.</param>
/// <param name="Out">The file.</param>
/// <param name="Shape">Shape of one row.</param>
internal sealed record WrittenResult(long Samples, string? Out, IReadOnlyList<int> Shape);
