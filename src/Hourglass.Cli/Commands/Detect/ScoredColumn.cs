using Hourglass.Detection;

namespace Hourglass.Cli.Commands.Detect;

/// <summary>What one column adds to a score, as commands print it.</summary>
/// <param name="Column">The source column.</param>
/// <param name="Contribution">Its part of the score.</param>
/// <param name="Found">The value in the user's own units; null where a column is more than one value.</param>
/// <param name="Expected">What a normal sample would have had there.</param>
internal sealed record ScoredColumn(string Column, double Contribution, string? Found, string? Expected)
{
    /// <summary>Columns that are printed at most.</summary>
    public const int Shown = 10;

    public static ScoredColumn Of(ColumnContribution column) =>
        new(column.Column, column.Contribution, column.Found is { } found ? ColumnContribution.Words(found) : null, column.Expected is { } expected ? ColumnContribution.Words(expected) : null);
}
