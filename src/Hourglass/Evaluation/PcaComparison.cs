using System.Globalization;

namespace Hourglass.Evaluation;

/// <summary>The autoencoder beside PCA with as many components, on the same samples, in model-input units.</summary>
/// <param name="SquaredError">The autoencoder's mean squared error per value.</param>
/// <param name="PcaSquaredError">PCA's.</param>
/// <param name="Components">PCA's components.</param>
/// <param name="Difference">Autoencoder minus PCA, with a 95 % interval.</param>
public sealed record PcaComparison(double SquaredError, double PcaSquaredError, int Components, PairedDifference Difference)
{
    /// <summary>"autoencoder" only where its error is lower beyond doubt; else "pca", the simpler model.</summary>
    public string Verdict => Difference.High < 0 ? "autoencoder" : "pca";

    /// <summary>Autoencoder's error as a share of PCA's.</summary>
    public double Ratio => PcaSquaredError > 0 ? SquaredError / PcaSquaredError : SquaredError > 0 ? double.PositiveInfinity : 1;

    /// <summary>A sentence of plain advice.</summary>
    public string Advice => Difference switch
    {
        { High: < 0 } => string.Create(CultureInfo.InvariantCulture, $"The autoencoder reconstructs better: its squared error is {Ratio:0.00} times that of PCA with {Components} components. Use the autoencoder."),
        { Low: > 0 } => string.Create(CultureInfo.InvariantCulture, $"PCA wins here: the autoencoder's squared error is {Times} that of PCA with {Components} components. Use PCA (--use pca), or train longer, wider, or with less noise and penalty."),
        _ => string.Create(CultureInfo.InvariantCulture, $"No clear difference from PCA with {Components} components (ratio {Ratio:0.00}, the interval holds 0). Use PCA (--use pca): it is simpler."),
    };

    // Where PCA is all but exact, the ratio is a matter of its rounding.
    private string Times => Ratio > 100 ? "more than 100 times" : string.Create(CultureInfo.InvariantCulture, $"{Ratio:0.00} times");

    /// <summary>Compares per-sample errors.</summary>
    /// <param name="autoencoder">Squared error per value of each sample.</param>
    /// <param name="pca">The same under PCA.</param>
    /// <param name="components">PCA's components.</param>
    public static PcaComparison Of(IReadOnlyList<double> autoencoder, IReadOnlyList<double> pca, int components) =>
        new(autoencoder.Average(), pca.Average(), components, PairedBootstrap.Compare(autoencoder, pca));
}
