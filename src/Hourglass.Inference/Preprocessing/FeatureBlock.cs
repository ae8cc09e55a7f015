using System.Text.Json.Serialization;

namespace Hourglass.Preprocessing;

/// <summary>A run of model-input values that came from one source column, or a whole picture.</summary>
/// <param name="Name">The source column, or "pixels".</param>
/// <param name="Start">First value, counted from 0.</param>
/// <param name="Length">How many values.</param>
/// <param name="Kind">What the values are.</param>
public sealed record FeatureBlock(string Name, int Start, int Length, FeatureBlockKind Kind);

/// <summary>What the values of a feature block are, which decides the distance that suits them.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FeatureBlockKind>))]
public enum FeatureBlockKind
{
    /// <summary>Real values, scaled.</summary>
    Numeric,

    /// <summary>One value of 0 or 1.</summary>
    Binary,

    /// <summary>One-hot: exactly one value of the block is 1.</summary>
    Categorical,
}
