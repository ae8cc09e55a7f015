using System.Globalization;
using Hourglass.Data;
using Hourglass.Detection;
using Hourglass.Reporting;

namespace Hourglass.Cli.Commands.Detect;

/// <summary>Samples with why they score as they do, for a page.</summary>
internal static class HighestSamples
{
    /// <summary>Explains samples; pictures are drawn as well, their heat maps in one scale.</summary>
    /// <param name="highest">The samples, in the order of the page.</param>
    public static IReadOnlyList<ExplainedSample> Explain(IReadOnlyList<FoundSample> highest)
    {
        var pictures = highest.Count > 0 && PictureFindings.ArePictures(highest[0].Data) ? PictureFindings.Draw(highest) : null;
        return [.. highest.Select((found, place) =>
        {
            var (sample, data) = (found.Sample, found.Data);
            var label = data.Labels is { } labels && labels.Codes[sample] >= 0 ? $" ({labels.Names[labels.Codes[sample]]})" : "";
            return new ExplainedSample($"{data.Identifiers?[sample] ?? $"Sample {sample.ToString(CultureInfo.InvariantCulture)}"}{label}", found.Detector.Explain(found.Values())[0]) { Picture = pictures?[place].Png };
        })];
    }
}

/// <summary>A sample with what scores it.</summary>
/// <param name="Detector">The detector.</param>
/// <param name="Data">Where the sample stands.</param>
/// <param name="Sample">Its number there.</param>
internal sealed record FoundSample(Detector Detector, PreparedData Data, int Sample)
{
    /// <summary>Its values, in model-input units.</summary>
    public float[] Values()
    {
        var values = new float[Data.Samples.SampleLength];
        Data.Samples.Read(Sample, 1, values);
        return values;
    }
}
