using System.Text.Json.Serialization;

namespace Hourglass.Detection.Terms;

/// <summary>How numbers are scaled before samples are compared; flags and categories stay as they are.</summary>
[JsonConverter(typeof(KebabCaseEnumConverter<FeatureView>))]
public enum FeatureView
{
    /// <summary>As the model takes them.</summary>
    Inputs,

    /// <summary>From the least to the largest normal value, 0 to 1.</summary>
    Range,

    /// <summary>Through the distribution of normal values to a standard normal, continued beyond it in a straight line: no heavy tail is left.</summary>
    NormalScores,
}
