using Hourglass.Preprocessing;

namespace Hourglass.Detection.Terms;

/// <summary>Which value of a sample is which value of another's, where both were prepared from parts of one table: a rare category may be in one part alone.</summary>
internal static class ValueNames
{
    /// <summary>For each value of one preparation its place in another; -1 where that has none like it.</summary>
    /// <param name="from">Whose values.</param>
    /// <param name="to">Where they are looked for.</param>
    /// <param name="length">Values that differ: of a series one for each channel.</param>
    public static int[] Places(SamplePreprocessing from, SamplePreprocessing to, int length)
    {
        if (from is not TablePreprocessing || to is not TablePreprocessing)
        {
            return [.. Enumerable.Range(0, length)];
        }

        var places = Of((TablePreprocessing)to).Select((name, place) => (name, place)).ToDictionary(entry => entry.name, entry => entry.place);
        return [.. Of((TablePreprocessing)from).Select(name => places.GetValueOrDefault(name, -1))];
    }

    // A category by its word, all else by its place behind them.
    private static IEnumerable<(string Column, string? Category, int Place)> Of(TablePreprocessing table) => table.Columns.SelectMany(column =>
    {
        var categories = column is CategoryTransform { Categories: var words } ? words : [];
        return Enumerable.Range(0, column.Width).Select(value => value < categories.Count ? (column.Name, categories[value], 0) : (column.Name, (string?)null, value - categories.Count));
    });
}
