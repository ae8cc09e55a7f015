namespace Hourglass.Data.Stores;

/// <summary>A value that is not zero, as a store of entries holds it.</summary>
/// <param name="Place">Where in the sample.</param>
/// <param name="Value">The value.</param>
internal readonly record struct StoredEntry(int Place, float Value);
