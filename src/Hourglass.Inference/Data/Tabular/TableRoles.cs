using Hourglass.Preprocessing;

namespace Hourglass.Data.Tabular;

/// <summary>Columns that are not model input.</summary>
internal sealed record TableRoles(int? Label, int? Id, HashSet<int> Ignored)
{
    /// <summary>In series, the column that says when each row was.</summary>
    public int? Clock { get; private init; }

    public static TableRoles Of(TableSource source, ReadOptions read) => new(
        (read.Label ?? source.DefaultLabel) is { } label ? source.Find(label, "--label") : null,
        read.Id is null ? null : source.Find(read.Id, "--id"),
        [.. read.Ignore.Select(name => source.Find(name, "--ignore"))]);

    /// <summary>The same roles, with the clock of a series found.</summary>
    public TableRoles WithClock(TableSource source, TablePreprocessing preprocessing) =>
        preprocessing.Columns.FirstOrDefault(column => column is CalendarTransform) is { } clock ? this with { Clock = source.Find(clock.Name, "column") } : this;

    /// <summary>Seconds since 2000-01-01; NaN for anything but a date.</summary>
    public static double Seconds(string? text) => Numbers.TryParseDate(text, out var seconds) ? seconds : double.NaN;

    public string? Treatment(int column) => column == Label ? "left out: label" : column == Id ? "left out: identifier" : Ignored.Contains(column) ? "left out: ignored" : null;

    /// <summary>Which rows of a block validate.</summary>
    /// <param name="block">The rows.</param>
    /// <param name="columns">How many columns there are.</param>
    /// <param name="options">Of the split.</param>
    /// <param name="numbers">[column][row], where they are known.</param>
    public bool[] Held(TableBlock block, int columns, PreparationOptions options, ReadOnlySpan<double> numbers = default)
    {
        var held = new bool[block.Rows];
        if (options.Validation == 0)
        {
            return held;
        }

        int[] hashed = [.. Enumerable.Range(0, columns).Where(column => Treatment(column) is null)];
        if (!numbers.IsEmpty && Array.TrueForAll(hashed, block.HasNumberKeys))
        {
            new NumberKeys(numbers, block.Rows, hashed).Hold(options.Seed, options.Validation, held);
            return held;
        }

        var key = new RowKey(columns, this);
        for (var row = 0; row < held.Length; row++)
        {
            held[row] = HoldOut.IsValidation(key.Of(block, row), options.Seed, options.Validation);
        }

        return held;
    }

    /// <summary>Columns whose fields are looked at.</summary>
    /// <param name="columns">How many there are.</param>
    /// <param name="inputs">Those of the model.</param>
    /// <param name="hasKeys">Whether rows are hashed.</param>
    public IReadOnlySet<int> Wanted(int columns, IEnumerable<int> inputs, bool hasKeys) =>
        Enumerable.Range(0, columns).Where(column => column == Label || column == Id || (hasKeys && Treatment(column) is null)).Concat(inputs).ToHashSet();
}
