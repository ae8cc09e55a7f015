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
        if (folder is not null && !ArePictures(data))
        {
            throw new HourglassException($"--heat-maps draws pictures, and these samples are [{string.Join(", ", data.Samples.SampleShape)}]. Leave it out: the table and the scores' file say why.");
        }
    }

    /// <summary>Whether samples can be drawn.</summary>
    public static bool ArePictures(PreparedData data) => data.Samples.SampleShape is [1 or 3, _, _];

    /// <summary>Samples beside where their scores come from, as PNG files; all heat maps share one scale.</summary>
    /// <param name="highest">The samples to draw.</param>
    public static IReadOnlyList<DrawnSample> Draw(IReadOnlyList<FoundSample> highest)
    {
        var found = highest.Select(sample => (sample.Sample, sample.Data, Values: sample.Values(), Findings: sample.Detector.Find(sample.Values()))).ToList();
        var maps = found.ConvertAll(entry => HeatMap.Of(entry.Data.Samples.SampleShape, entry.Findings.Contributions));
        var hottest = maps.Max(map => map.Values.Max());
        return [.. found.Zip(maps, (entry, map) => new DrawnSample(entry.Sample, entry.Findings.Scores[0], HeatMapPicture.Png(Brightness(entry.Data, entry.Values), entry.Data.Samples.SampleShape[0], map, hottest), map.Box()))];
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
        var pictures = new List<PictureFinding>();
        foreach (var drawn in Draw([.. highest.Select(sample => new FoundSample(detector, data, sample))]))
        {
            AtomicFile.Write(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"sample-{drawn.Sample}.png")), stream => stream.Write(drawn.Png));
            pictures.Add(new PictureFinding(drawn.Png, Caption(data, drawn.Sample, drawn.Score, detector.Calibration.PValue(drawn.Score), isAlarm, drawn.Box)));
        }

        var page = Path.Combine(folder, "findings.html");
        FindingsPage.Write(page, "What is not normal, and where", $"The {pictures.Count} highest of {data.Samples.Count} scores of {data.Description.Source}. What pixels add sums to the score; pixels that speak for normal count below 0 and are drawn dark.", pictures);
        return page;
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

/// <summary>A sample that was drawn.</summary>
/// <param name="Sample">Its number.</param>
/// <param name="Score">Its score.</param>
/// <param name="Png">The picture, its heat map and both, side by side.</param>
/// <param name="Box">The strangest region; null where nothing stands out.</param>
internal sealed record DrawnSample(int Sample, double Score, byte[] Png, PixelBox? Box);
