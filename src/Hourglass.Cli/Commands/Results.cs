using Hourglass.Training;

namespace Hourglass.Cli.Commands;

/// <summary>What train prints with --json.</summary>
/// <param name="Samples">Samples read.</param>
/// <param name="Objective">The objective per value on the held-out samples.</param>
/// <param name="SquaredError">Squared error per value, in model-input units.</param>
/// <param name="Pca">PCA on the same samples.</param>
/// <param name="Verdict">"autoencoder" or "pca".</param>
/// <param name="Advice">A sentence.</param>
/// <param name="Difference">Autoencoder minus PCA with a 95 % interval.</param>
/// <param name="Model">Path of the bundle.</param>
/// <param name="Report">Path of the report; null for none.</param>
/// <param name="Epochs">Epochs run.</param>
/// <param name="BestEpoch">The epoch kept.</param>
/// <param name="StopReason">Why training ended.</param>
/// <param name="Seconds">Training time.</param>
/// <param name="SamplesPerSecond">Training speed.</param>
internal sealed record TrainResult(
    long Samples, double Objective, double SquaredError, PcaResult Pca, string Verdict, string Advice, IntervalResult Difference, string Model, string? Report, int Epochs, int BestEpoch,
    StopReason StopReason, double Seconds, double SamplesPerSecond);

/// <summary>What evaluate prints with --json.</summary>
internal sealed record EvaluateResult(long Samples, double Objective, double SquaredError, PcaResult Pca, string Verdict, string Advice, IntervalResult Difference);

/// <summary>PCA's part of a result.</summary>
internal sealed record PcaResult(double SquaredError, int Components);

/// <summary>A difference with its 95 % interval.</summary>
internal sealed record IntervalResult(double Mean, double Low, double High);

/// <summary>What commands print that write a file.</summary>
/// <param name="Samples">Samples written.</param>
/// <param name="Out">The file.</param>
/// <param name="Shape">Shape of one row.</param>
internal sealed record WrittenResult(long Samples, string? Out, IReadOnlyList<int> Shape);
