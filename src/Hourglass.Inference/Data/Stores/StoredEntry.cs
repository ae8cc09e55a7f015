namespace Hourglass.Data.Stores;

/// <summary>A value that is not zero, as a store of entries holds it.</summary>
/// <param name="Place">Where in the sample.</param>
/// <param name="Value">The value.</param>
internal readonly record struct StoredEntry(int Place, float Value)
{
    /// <summary>Shorter samples are not worth taking as entries.</summary>
    public const int LeastLength = 256;

    /// <summary>Nor are samples of which more is not zero.</summary>
    public const double LargestShare = 0.1;

    /// <summary>The next place with a value that is not zero; -1 where there is none.</summary>
    /// <param name="sample">A sample's values.</param>
    /// <param name="from">Where to look from.</param>
    public static int Next(ReadOnlySpan<float> sample, int from) => sample[from..].IndexOfAnyExcept(0f) is var next and >= 0 ? from + next : -1;
}
