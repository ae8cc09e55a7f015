namespace Hourglass.Data.Tabular;

/// <summary>Decides whether the first record names the columns.</summary>
internal static class HeaderInference
{
    /// <summary>It does when it holds no number and no missing word, all its texts differ, and some column below it is of numbers
    /// or never repeats its first text.</summary>
    public static bool HasHeader(List<List<string>> sample, char decimalMark)
    {
        var first = sample[0];
        if (sample.Count < 2 || first.Any(text => Numbers.IsMissing(text) || Numbers.TryParse(text, decimalMark, out _) || Numbers.TryParseDate(text, out _))
            || first.Distinct(StringComparer.OrdinalIgnoreCase).Count() != first.Count)
        {
            return false;
        }

        var rows = sample.Skip(1).Where(row => row.Count == first.Count).ToList();
        var hasNumbers = Enumerable.Range(0, first.Count).Any(column =>
            rows.Count > 0 && rows.All(row => Numbers.IsMissing(row[column]) || Numbers.TryParse(row[column], decimalMark, out _)) && rows.Any(row => !Numbers.IsMissing(row[column])));
        return hasNumbers || Enumerable.Range(0, first.Count).All(column => rows.TrueForAll(row => row[column] != first[column]));
    }
}
