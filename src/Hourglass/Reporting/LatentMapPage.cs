using System.Globalization;
using System.Text;
using Hourglass.Bundles;
using Hourglass.Reporting.Plots;

namespace Hourglass.Reporting;

/// <summary>A page with one dot for each sample; the sample shows when the pointer rests on its dot.</summary>
public static class LatentMapPage
{
    private const int Colours = 10;

    private const string Script = """
        const box = document.getElementById('hover');
        document.querySelectorAll('circle.dot').forEach((dot, number) => {
          dot.addEventListener('pointerenter', event => {
            const item = points[number];
            box.innerHTML = '';
            if (item.picture) { const image = new Image(); image.src = 'data:image/png;base64,' + item.picture; box.append(image); }
            const text = document.createElement('span'); text.textContent = item.text; box.append(text);
            box.style.display = 'block'; box.style.left = (event.pageX + 14) + 'px'; box.style.top = (event.pageY + 14) + 'px';
          });
          dot.addEventListener('pointerleave', () => { box.style.display = 'none'; });
        });
        """;

    /// <summary>Writes the page.</summary>
    /// <param name="path">Where it goes.</param>
    /// <param name="title">Heading.</param>
    /// <param name="points">The dots.</param>
    /// <param name="method">How the places were found, in words.</param>
    public static void Write(string path, string title, IReadOnlyList<MapPoint> points, string method)
    {
        var html = Html(title, points, method);
        AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(html)));
    }

    private static string Html(string title, IReadOnlyList<MapPoint> points, string method)
    {
        using var style = new StreamReader(typeof(LatentMapPage).Assembly.GetManifestResourceStream("report.css")!);
        var colours = Names(points).Take(Colours).Select((name, colour) => (name, colour)).ToDictionary(entry => entry.name, entry => entry.colour, StringComparer.Ordinal);
        var chart = new Chart(title, 640, points.Select(point => point.X), points.Select(point => point.Y), "first coordinate", "second coordinate");
        foreach (var point in points)
        {
            chart.Dot($"k{(point.Label is null ? 0 : colours.GetValueOrDefault(point.Label, Colours))}", point.X, point.Y, "", 3);
        }

        var legend = string.Concat(colours.Select(entry => $"<span><i class=\"k{entry.Value}\"></i>{Markup.Escape(entry.Key)}</span>"));
        var data = BundleJson.Serialize(points.Select(point => new { text = $"sample {point.Sample.ToString(CultureInfo.InvariantCulture)}{(point.Label is null ? "" : $", {point.Label}")}", picture = point.Picture is null ? null : Convert.ToBase64String(point.Picture) })).Replace("<", "\\u003c", StringComparison.Ordinal);
        return "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
            + "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">"
            + $"<title>{Markup.Escape(title)}</title><style>{style.ReadToEnd()} #hover {{ position: absolute; display: none; background: #fff; color: #111; border: 1px solid #888; padding: 6px; pointer-events: none }} #hover img {{ display: block; margin-bottom: 4px }}</style></head>"
            + $"<body><main><h1>{Markup.Escape(title)}</h1><p class=\"lead\">{points.Count} samples. {Markup.Escape(method)}</p>{Markup.Figure(chart.Svg(), "Each dot is a sample; rest the pointer on it to see which.")}<p class=\"legend\">{legend}</p></main>"
            + $"<div id=\"hover\"></div><script>const points = {data};{Script}</script></body></html>\n";
    }

    private static IEnumerable<string> Names(IReadOnlyList<MapPoint> points) =>
        points.Where(point => point.Label is not null).GroupBy(point => point.Label!, StringComparer.Ordinal).OrderByDescending(group => group.Count()).Select(group => group.Key);
}

/// <summary>One dot.</summary>
/// <param name="X">Across.</param>
/// <param name="Y">Up.</param>
/// <param name="Sample">Number of the sample.</param>
/// <param name="Label">Its label; null for none.</param>
/// <param name="Picture">PNG of the sample; null for none.</param>
public sealed record MapPoint(double X, double Y, long Sample, string? Label, byte[]? Picture);
