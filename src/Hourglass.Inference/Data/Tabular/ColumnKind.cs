namespace Hourglass.Data.Tabular;

/// <summary>What a column is.</summary>
internal enum ColumnKind
{
    Numeric,
    Categorical,
    Boolean,
    DateTime,
    Constant,
    Identifier,
    Text,
}

/// <summary>Infers kinds. Each rule stands here and nowhere else; docs/data.md tells them in words.</summary>
internal static class ColumnKinds
{
    private const int CodeCategories = 8; // whole numbers with at most this many distinct small values are codes, not quantities
    private const double NumericShare = 0.98; // with so many numbers, the rest are faults, not categories
    private static readonly string[][] BooleanWords = [["true", "false"], ["yes", "no"], ["t", "f"], ["y", "n"], ["0", "1"], ["on", "off"]];

    public static ColumnKind Infer(ColumnStatistics column)
    {
        if (column.DistinctCount <= 1)
        {
            return ColumnKind.Constant;
        }

        if (column.DistinctCount == 2 && BooleanWords.Any(words => column.Distinct.Keys.All(text => words.Contains(text.ToLowerInvariant()))))
        {
            return ColumnKind.Boolean;
        }

        return column.Numeric >= NumericShare * column.Present ? InferNumeric(column)
            : column.Dates >= NumericShare * column.Present ? ColumnKind.DateTime
            : InferText(column);
    }

    private static ColumnKind InferNumeric(ColumnStatistics column)
    {
        var allInteger = column.Integers == column.Numeric;
        if (!allInteger)
        {
            return ColumnKind.Numeric;
        }

        var distinctShare = column.DistinctCount / (double)Math.Min(column.Present, TextCounts.MaximumDistinct);
        var isNumbered = column.Present >= 20 && distinctShare > 0.999 && column.Ascending && (column.Maximum - column.Minimum) <= 2.0 * column.Present;
        var isCode = column.Present >= 50 && distinctShare > 0.9 && column.Minimum >= 100_000 && column.Maximum < column.Minimum * 20;
        return isNumbered || isCode || (IsIdentifierName(column.Name) && distinctShare > 0.9) ? ColumnKind.Identifier
            : column.LeadingZeros > 0 ? ColumnKind.Categorical
            : column.DistinctCount <= CodeCategories && column.Minimum >= 0 && column.Maximum <= 20 ? ColumnKind.Categorical
            : ColumnKind.Numeric;
    }

    private static ColumnKind InferText(ColumnStatistics column)
    {
        var distinctShare = column.DistinctCount / (double)Math.Min(column.Present, TextCounts.MaximumDistinct);
        var hasWords = column.Texts.WithSpaces > 0.5 * column.Present;
        return column.Present >= 20 && distinctShare > 0.9 && !hasWords ? ColumnKind.Identifier
            : hasWords && distinctShare > 0.5 && column.Texts.Characters > 20 * column.Present ? ColumnKind.Text
            : ColumnKind.Categorical;
    }

    private static bool IsIdentifierName(string name) =>
        name.Equals("id", StringComparison.OrdinalIgnoreCase) || name.EndsWith("_id", StringComparison.OrdinalIgnoreCase) || name.EndsWith(" id", StringComparison.OrdinalIgnoreCase) || name.EndsWith("Id", StringComparison.Ordinal);
}
