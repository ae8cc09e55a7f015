using System.Globalization;
using Hourglass.Detection.Pictures;
using Hourglass.Preprocessing;

namespace Hourglass.Detection;

/// <summary>Why a sample has its score.</summary>
/// <param name="Score">The score; the contributions add up to it.</param>
/// <param name="Columns">Every column, of a series every channel, the largest contribution first.</param>
public sealed record Explanation(double Score, IReadOnlyList<ColumnContribution> Columns)
{
    /// <summary>Of a series: the fewest steps in a row that add half of the score; null otherwise.</summary>
    public StepSpan? Steps { get; init; }

    /// <summary>Of a picture: the box about the strangest region; null otherwise.</summary>
    public PixelBox? Box { get; init; }

    /// <summary>The explanation of one sample.</summary>
    /// <param name="basis">The detector's basis.</param>
    /// <param name="findings">Scores and contributions.</param>
    /// <param name="sample">Which sample.</param>
    public static Explanation Of(DetectorBasis basis, Findings findings, int sample)
    {
        var length = basis.SampleLength;
        var (found, expected) = (Cells(basis, findings.Samples.AsSpan(sample * length, length)), findings.Expected is { } normal ? Cells(basis, normal.AsSpan(sample * length, length)) : null);
        var contributions = findings.Contributions.AsMemory(sample * length, length);
        return new Explanation(findings.Scores[sample], [.. basis.Explained
            .Select((column, place) => new ColumnContribution(column.Name, column.Sum(contributions.Span), found?[place], expected?[place]))
            .OrderByDescending(column => column.Contribution)])
        {
            Steps = StepSpan.Find(basis.Preprocessing, contributions.Span),
            Box = basis.Preprocessing.SampleShape.Count == 3 ? HeatMap.Of(basis.Preprocessing.SampleShape, contributions.Span).Box() : null,
        };
    }

    /// <summary>The largest contributions as a sentence: of a series with the time, of a picture the place.</summary>
    /// <param name="columns">How many columns at most.</param>
    public string Summary(int columns)
    {
        if (Box is { } box)
        {
            return string.Create(CultureInfo.InvariantCulture, $"columns {box.Left + 1} to {box.Left + box.Width}, rows {box.Top + 1} to {box.Top + box.Height}");
        }

        var largest = Columns.Take(columns).Where(column => column.Contribution > 0);
        return Steps is not { } steps ? string.Join("; ", largest.Select(column => column.Summary))
            : $"{steps.Summary}{(Columns.Count == 1 ? "" : ": ")}{(Columns.Count == 1 ? "" : string.Join(", ", largest.Select(column => string.Create(CultureInfo.InvariantCulture, $"{column.Column} {100 * column.Contribution / Score:0} %"))))}";
    }

    private static Cell[]? Cells(DetectorBasis basis, ReadOnlySpan<float> values)
    {
        if (basis.Preprocessing.SampleShape.Count > 1 || basis.Preprocessing.OutputColumns.Count != basis.Columns.Count)
        {
            return null; // pictures and series: a column is more than one value
        }

        var cells = new Cell[basis.Columns.Count];
        basis.Preprocessing.Invert(values, cells);
        return cells;
    }
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
