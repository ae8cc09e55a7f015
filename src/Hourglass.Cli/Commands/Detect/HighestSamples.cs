using System.Globalization;
using Hourglass.Data;
using Hourglass.Reporting;
using Hourglass.Tasks.AnomalyDetection;

namespace Hourglass.Cli.Commands.Detect;

/// <summary>Samples with why they score as they do, for a page.</summary>
internal static class HighestSamples
{
    /// <summary>Explains samples; pictures are drawn as well, their heat maps in one scale.</summary>
    /// <param name="detector">The detector.</param>
    /// <param name="data">The samples.</param>
    /// <param name="highest">Numbers of the samples, in the order of the page.</param>
    public static IReadOnlyList<ExplainedSample> Explain(AnomalyDetector detector, PreparedData data, IReadOnlyList<int> highest)
    {
        var pictures = PictureFindings.ArePictures(data) && highest.Count > 0 ? PictureFindings.Draw(detector.Detector, data, highest) : null;
        return [.. highest.Select((sample, place) =>
        {
            var values = new float[data.Samples.SampleLength];
            data.Samples.Read(sample, 1, values);
            var label = data.Labels is { } labels && labels.Codes[sample] >= 0 ? $" ({labels.Names[labels.Codes[sample]]})" : "";
            return new ExplainedSample($"{data.Identifiers?[sample] ?? $"Sample {sample.ToString(CultureInfo.InvariantCulture)}"}{label}", detector.Detector.Explain(values)[0]) { Picture = pictures?[place].Png };
        })];
    }
}
