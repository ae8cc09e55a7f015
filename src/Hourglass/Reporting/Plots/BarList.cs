using System.Text;

namespace Hourglass.Reporting.Plots;

/// <summary>Horizontal bars in pairs, longest first, as many as can be read.</summary>
internal static class BarList
{
    private const int Shown = 30;
    private const double RowHeight = 30;
    private const double NameWidth = 190;

    public static string Svg(IReadOnlyList<(string Name, double First, double Second)> rows)
    {
        var shown = rows.OrderByDescending(row => row.First).Take(Shown).ToList();
        var largest = Math.Max(1e-300, shown.Max(row => Math.Max(row.First, row.Second)));
        var height = (shown.Count * RowHeight) + 8;
        var svg = new StringBuilder($"<svg class=\"chart\" viewBox=\"0 0 {Markup.Pixel(Chart.Width)} {Markup.Pixel(height)}\" role=\"img\" aria-label=\"Error of each feature\">");
        for (var index = 0; index < shown.Count; index++)
        {
            var (row, top) = (shown[index], index * RowHeight);
            var name = row.Name.Length > 19 ? row.Name[..18] + "…" : row.Name;
            svg.Append($"<text class=\"tick end\" x=\"{Markup.Pixel(NameWidth - 10)}\" y=\"{Markup.Pixel(top + 18)}\">{Markup.Escape(name)}<title>{Markup.Escape(row.Name)}</title></text>");
            Bar("autoencoder", row.First, top + 5);
            Bar("pca", row.Second, top + 15);

            void Bar(string kind, double value, double y)
            {
                var width = value / largest * (Chart.Width - NameWidth - 90);
                svg.Append($"<rect class=\"bar {kind}\" x=\"{Markup.Pixel(NameWidth)}\" y=\"{Markup.Pixel(y)}\" width=\"{Markup.Pixel(Math.Max(1, width))}\" height=\"8\"><title>{Markup.Escape(row.Name)}: {Markup.Figure(value)}</title></rect>");
                if (kind == "autoencoder")
                {
                    svg.Append($"<text class=\"tick\" x=\"{Markup.Pixel(NameWidth + (Math.Max(row.First, row.Second) / largest * (Chart.Width - NameWidth - 90)) + 6)}\" y=\"{Markup.Pixel(y + 13)}\">{Markup.Figure(value)}</text>");
                }
            }
        }

        return svg.Append("</svg>").ToString();
    }
}
