namespace Hourglass.Reporting.Plots;

/// <summary>Two bars: the autoencoder's error and PCA's.</summary>
internal static class VerdictPlot
{
    public static string Svg(double autoencoder, double pca)
    {
        var largest = Math.Max(1e-300, Math.Max(autoencoder, pca));
        return $"<svg class=\"chart\" viewBox=\"0 0 720 92\" role=\"img\" aria-label=\"Squared error of the autoencoder and of PCA\">{Row("autoencoder", "Autoencoder", autoencoder, 4)}{Row("pca", "PCA", pca, 50)}</svg>";

        string Row(string kind, string name, double value, double top)
        {
            var width = Math.Max(2, value / largest * 480);
            return $"<text class=\"name end\" x=\"130\" y=\"{Markup.Pixel(top + 23)}\">{name}</text><rect class=\"bar {kind}\" x=\"144\" y=\"{Markup.Pixel(top)}\" width=\"{Markup.Pixel(width)}\" height=\"36\" rx=\"2\"/><text class=\"name\" x=\"{Markup.Pixel(152 + width)}\" y=\"{Markup.Pixel(top + 23)}\">{Markup.Figure(value)}</text>";
        }
    }
}
