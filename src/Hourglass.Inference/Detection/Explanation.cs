using System.Globalization;
using Hourglass.Preprocessing;

namespace Hourglass.Detection;

/// <summary>Why a sample has its score.</summary>
/// <param name="Score">The score; the contributions add up to it.</param>
/// <param name="Columns">Every column, the largest contribution first.</param>
public sealed record Explanation(double Score, IReadOnlyList<ColumnContribution> Columns)
{
    /// <summary>The explanation of one sample.</summary>
    /// <param name="basis">The detector's basis.</param>
    /// <param name="findings">Scores and contributions.</param>
    /// <param name="sample">Which sample.</param>
    public static Explanation Of(DetectorBasis basis, Findings findings, int sample)
    {
        var length = basis.SampleLength;
        var (found, expected) = (Cells(basis, findings.Samples.AsSpan(sample * length, length)), findings.Expected is { } normal ? Cells(basis, normal.AsSpan(sample * length, length)) : null);
        var contributions = findings.Contributions.AsMemory(sample * length, length);
        return new Explanation(findings.Scores[sample], [.. basis.Columns
            .Select((column, place) => new ColumnContribution(column.Name, Sum(contributions.Span.Slice(column.Start, column.Length)), found?[place], expected?[place]))
            .OrderByDescending(column => column.Contribution)]);
    }

    /// <summary>The largest contributions as a sentence.</summary>
    /// <param name="columns">How many columns at most.</param>
    public string Summary(int columns) => string.Join("; ", Columns.Take(columns).Where(column => column.Contribution > 0).Select(column => column.Summary));

    private static Cell[]? Cells(DetectorBasis basis, ReadOnlySpan<float> values)
    {
        if (basis.Preprocessing.OutputColumns.Count != basis.Columns.Count)
        {
            return null; // pictures and series: a column is more than one value
        }

        var cells = new Cell[basis.Columns.Count];
        basis.Preprocessing.Invert(values, cells);
        return cells;
    }

    private static double Sum(ReadOnlySpan<double> values) => System.Numerics.Tensors.TensorPrimitives.Sum(values);
}

/// <summary>What one column adds to a score.</summary>
/// <param name="Column">The source column.</param>
/// <param name="Contribution">Its part of the score.</param>
/// <param name="Found">The value in the user's own units; null where a column is more than one value.</param>
/// <param name="Expected">What a normal sample would have had there; null where a column is more than one value.</param>
public sealed record ColumnContribution(string Column, double Contribution, Cell? Found, Cell? Expected)
{
    /// <summary>"bytes_out 1,204,332, expected about 1,900".</summary>
    public string Summary => Found is not { } found ? Column
        : Expected is not { } expected ? $"{Column} {Words(found)}"
        : expected.Text is null && !double.IsNaN(expected.Number) ? $"{Column} {Words(found)}, expected about {Words(expected)}"
        : $"{Column} {Words(found)}, expected {Words(expected)}";

    /// <summary>A value as people write it: four significant digits and thousands apart; "missing" for none.</summary>
    /// <param name="cell">The value.</param>
    public static string Words(Cell cell)
    {
        if (cell.Text is { } text)
        {
            return text;
        }

        if (double.IsNaN(cell.Number))
        {
            return "missing";
        }

        var size = Math.Abs(cell.Number);
        return cell.Number.ToString(size >= 1000 ? "#,0" : size >= 0.001 || size == 0 ? "0.####" : "0.###e0", CultureInfo.InvariantCulture);
    }
}
