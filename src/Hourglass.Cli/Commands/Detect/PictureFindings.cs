using System.Globalization;
using Hourglass.Bundles;
using Hourglass.Data;
using Hourglass.Detection;
using Hourglass.Detection.Pictures;
using Hourglass.Reporting;

namespace Hourglass.Cli.Commands.Detect;

/// <summary>Writes where in the strangest pictures their scores come from: a PNG file for each, and a page of all.</summary>
internal static class PictureFindings
{
    /// <summary>Pictures that are drawn, unless asked otherwise.</summary>
    public const int Shown = 24;

    /// <summary>Refuses data without pictures before anything is scored, where heat maps are asked for.</summary>
    public static void Require(PreparedData data, string? folder)
    {
        if (folder is not null && data.Samples.SampleShape is not [1 or 3, _, _])
        {
            throw new HourglassException($"--heat-maps draws pictures, and these samples are [{string.Join(", ", data.Samples.SampleShape)}]. Leave it out: the table and the scores' file say why.");
        }
    }

    /// <summary>Draws samples.</summary>
    /// <param name="folder">Made where it is missing.</param>
    /// <param name="detector">The detector.</param>
    /// <param name="data">The samples.</param>
    /// <param name="highest">Numbers of the samples to draw, the strangest first.</param>
    /// <param name="isAlarm">Whether a score is an alarm.</param>
    /// <returns>The page.</returns>
    public static string Write(string folder, Detector detector, PreparedData data, IReadOnlyList<int> highest, Func<double, bool> isAlarm)
    {
        Directory.CreateDirectory(folder);
        var found = highest.Select(sample => (Sample: sample, Values: Values(data, sample))).Select(entry => (entry.Sample, entry.Values, Findings: detector.Find(entry.Values))).ToList();
        var maps = found.ConvertAll(entry => HeatMap.Of(data.Samples.SampleShape, entry.Findings.Contributions));
        var hottest = maps.Max(map => map.Values.Max());
        var pictures = new List<PictureFinding>();
        for (var place = 0; place < found.Count; place++)
        {
            var (sample, values, findings) = found[place];
            var png = HeatMapPicture.Png(Brightness(data, values), data.Samples.SampleShape[0], maps[place], hottest);
            AtomicFile.Write(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"sample-{sample}.png")), stream => stream.Write(png));
            pictures.Add(new PictureFinding(png, Caption(data, sample, findings.Scores[0], detector.Calibration.PValue(findings.Scores[0]), isAlarm, maps[place].Box())));
        }

        var page = Path.Combine(folder, "findings.html");
        FindingsPage.Write(page, "What is not normal, and where", $"The {pictures.Count} highest of {data.Samples.Count} scores of {data.Description.Source}. What pixels add sums to the score; pixels that speak for normal count below 0 and are drawn dark.", pictures);
        return page;
    }

    private static float[] Values(PreparedData data, int sample)
    {
        var values = new float[data.Samples.SampleLength];
        data.Samples.Read(sample, 1, values);
        return values;
    }

    // Samples that do not lie in [0, 1] are drawn from their own darkest to their own brightest.
    private static float[] Brightness(PreparedData data, float[] values)
    {
        var (low, high) = data.Preprocessing.IsUnitInterval ? (0, 1) : (values.Min(), values.Max());
        return [.. values.Select(value => high > low ? (value - low) / (high - low) : 0)];
    }

    private static string Caption(PreparedData data, int sample, double score, double p, Func<double, bool> isAlarm, PixelBox? box) => string.Create(
        CultureInfo.InvariantCulture,
        $"Sample {sample}{(data.Identifiers is { } names ? $", {names[sample]}" : "")}: score {score:0.000}, p {p:0.0####}{(isAlarm(score) ? ", alarm" : "")}.{(box is { } b ? $" Strangest: columns {b.Left + 1} to {b.Left + b.Width}, rows {b.Top + 1} to {b.Top + b.Height}." : "")}");
}
